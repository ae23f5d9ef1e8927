// Every operation that the code has, found by looking into its folder, so that a new one cannot be forgotten in the
// contract; and where each problem of `errors.ts` can occur.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { ErrorCode } from '../../src/errors.ts';
import type { Operation } from '../../src/pipeline/operation.ts';

const folder = new URL('../../src/operations/', import.meta.url);

/** Each folder is one operation, in the file of the same name. */
export async function codeOperations(): Promise<readonly Operation[]> {
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return await Promise.all(
    folders.map(async ({ name }) => {
      const exported: unknown[] = Object.values(await import(new URL(`${name}/${name}.ts`, folder).href));
      assert.equal(exported.length, 1, `${name} is expected to export one operation and nothing else`);
      return exported[0] as Operation;
    }),
  );
}

/** A documented method: an operation, or a document that the gateway serves to everybody. */
export type Place = Operation | 'document';

const everywhere = () => true;
const withToken = (place: Place) => place !== 'document';
/** The gateway's own operation is about no action of the policy. */
const proxied = (place: Place) => typeof place !== 'string' && place.action !== undefined;
const fleet = (place: Place) => typeof place !== 'string' && place.id === 'getFleet';
/** Sends or reads something upstream. */
const upstream = (place: Place) => proxied(place) && !fleet(place);
const knowsCreators = (place: Place) =>
  typeof place !== 'string' && (fleet(place) || place.action === 'delete');
const creates = (place: Place) => typeof place !== 'string' && place.action === 'create';
const ofOnePeering = (place: Place) => typeof place !== 'string' && place.route.endsWith('{peeringId}');
const plainReads = ['getVPCPeerings', 'listClusters', 'getClusterById', 'getFleet'];
const looksFirst = (place: Place) =>
  typeof place !== 'string' && proxied(place) && !plainReads.includes(place.id);
/** A single peering is nothing but the look itself. */
const sends = (place: Place) => typeof place !== 'string' && upstream(place) && place.id !== 'getVPCPeering';
const withBody = (place: Place) => typeof place !== 'string' && place.readsBody;

/** A problem can be the answer where this says true. A new code has to be given its place before anything compiles. */
export const occursOn: Readonly<Record<ErrorCode, (place: Place) => boolean>> = {
  'token-missing': withToken,
  'token-duplicated': withToken,
  'token-invalid': withToken,
  'token-expired': withToken,
  'scope-missing': proxied,
  'policy-denied': proxied,
  'request-invalid': withToken,
  'request-malformed': everywhere,
  'request-timeout': everywhere,
  'headers-too-large': everywhere,
  // No document can describe every path that is no route; it stands where a wrong id makes one.
  'route-unknown': proxied,
  'peering-unknown': ofOnePeering,
  'peering-ambiguous': ofOnePeering,
  'method-not-allowed': everywhere,
  'body-too-large': withBody,
  'media-type-unsupported': withBody,
  'rate-limited': everywhere,
  overloaded: everywhere,
  stopping: everywhere,
  'keys-unavailable': withToken,
  'audit-unavailable': withToken,
  'vpc-peered-already': creates,
  'cidr-overlap': creates,
  'vpc-peered-elsewhere': creates,
  'peering-limit': creates,
  'fleet-unavailable': knowsCreators,
  'idempotency-key-reused': creates,
  'idempotency-key-running': creates,
  'idempotency-unavailable': creates,
  'cluster-busy': creates,
  'preflight-failed': looksFirst,
  'circuit-open': upstream,
  'upstream-unreachable': sends,
  'upstream-broken': sends,
  'upstream-timeout': upstream,
  'credential-refused': upstream,
  'service-token-unavailable': upstream,
  'service-token-timeout': upstream,
  internal: everywhere,
};

const codesOf = (...places: ((place: Place) => boolean)[]): ErrorCode[] =>
  (Object.keys(occursOn) as ErrorCode[]).filter((code) => places.includes(occursOn[code]));

/** Problems of what happens between the policy's decision and a create; they come before its intent. */
export const onlyBeforeCreates = codesOf(creates, looksFirst);

/** Problems that never are what came of a request that was sent. */
export const neverOutcomes = codesOf(creates, looksFirst, ofOnePeering, knowsCreators);

/** Examples of a problem besides the one that is named after its code. */
export const moreExamples: Readonly<Record<string, ErrorCode>> = { 'idempotency-key': 'request-invalid' };
