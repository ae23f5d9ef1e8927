// What is recorded of a create that its guards answered fits `openapi/audit-event.schema.json`: refused by a look at what is
// there, by Aerospike Cloud's answer to that look, or given an earlier answer again. What contradicts itself does not fit.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../src/audit/log/chain.ts';
import {
  refusedByUpstreamEvent,
  refusedEvent,
  replayedEvent,
} from '../../src/audit/record/request-events.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { deletePeering } from '../../src/operations/delete-peering/delete-peering.ts';
import { getPeering } from '../../src/operations/get-peering/get-peering.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { onlyBeforeCreates } from './code-operations.ts';
import type { KindRecord } from './every-kind.ts';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const resourceId = fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/);
const upstreamId = maybe(fc.stringMatching(/^[\x21-\x7e]{1,200}$/));

const facts: RequestFacts = {
  startedAt: 1,
  gatewayRequestId: randomUUID(),
  requestId: 'order-17',
  clientAddress: '198.51.100.7',
  operation: createPeering,
  caller: { issuer: 'https://idp.example', subject: 'svc-payments', clientId: undefined, tokenId: 'a' },
  target: { clusterId, peering: { clusterId, ...allowed } },
  decision: {
    effect: 'allow',
    policyVersion: 'a'.repeat(64),
    mode: 'enforce',
    grant: null,
    exceptions: [],
    violations: [],
  },
};

const ofOne = { ...facts, target: { clusterId, peeringId: randomUUID() } };
/** A delete and a single peering, which are looked up as well. */
const lookedUp: readonly RequestFacts[] = [
  { ...ofOne, operation: deletePeering },
  { ...ofOne, operation: getPeering },
];

const chain = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
const sealed = (event: Parameters<AuditChain['append']>[0]): KindRecord => JSON.parse(chain.append(event));
const refuse = (code: (typeof onlyBeforeCreates)[number], receivedStatus?: number) =>
  sealed(refusedEvent(facts, { code, detail: 'No.', receivedStatus }, 5));
const refuseAsUpstream = (status: number, requestId?: string) =>
  sealed(refusedByUpstreamEvent(facts, { status, requestId }, 5));
const replay = (status: number, id?: string) =>
  sealed(replayedEvent(facts, { status, first: randomUUID(), resourceId: id }, 5));

test('every refusal by the guards of a create fits the schema, with what Aerospike Cloud answered to the preflight', () => {
  assert.ok(onlyBeforeCreates.length > 5);
  for (const code of onlyBeforeCreates) assertAuditRecord(refuse(code));
  const asked = fc.constantFrom('preflight-failed', 'upstream-timeout', 'credential-refused');
  fc.assert(
    fc.property(asked, fc.integer({ min: 200, max: 999 }), (code, status) => {
      const record = refuse(code, status);
      assertAuditRecord(record);
      assert.deepEqual(record.unmapped.upstream, { sent: 'no', status });
      assert.deepEqual(record.api.response, { code: status });
    }),
  );
});

test('what the preflight of a dry run finds fits the schema, as observed only', () => {
  const dry = { ...facts, dryRun: true };
  for (const code of ['vpc-peered-already', 'cidr-overlap', 'preflight-failed'] as const)
    assertAuditRecord(sealed(refusedEvent(dry, { code, detail: 'No.' }, 5)));
  const refused = sealed(refusedByUpstreamEvent(dry, { status: 404 }, 5));
  assertAuditRecord(refused);
  assert.equal(refused.action_id, 3);
});

test('what the list for a peering shows fits the schema: nothing, that it is not there, that there are two, or a 4xx', () => {
  for (const known of lookedUp) {
    for (const code of ['preflight-failed', 'upstream-timeout', 'credential-refused'] as const) {
      const record = sealed(refusedEvent(known, { code, detail: 'No.', receivedStatus: 500 }, 5));
      assertAuditRecord(record);
      assert.deepEqual(record.api.response, { code: 500 });
    }
    for (const code of ['peering-unknown', 'peering-ambiguous'] as const)
      assertAuditRecord(sealed(refusedEvent(known, { code, detail: 'No.' }, 5)));
    assertAuditRecord(sealed(refusedByUpstreamEvent(known, { status: 404, requestId: 'a' }, 5)));
  }
});

test("every refusal of Aerospike Cloud's own fits the schema, its request id where outcomes have it", () => {
  const status = fc.integer({ min: 400, max: 499 });
  fc.assert(
    fc.property(status, upstreamId, (code, requestId) => {
      const record = refuseAsUpstream(code, requestId);
      assertAuditRecord(record);
      assert.equal(record.api.response.code, code);
      assert.equal(record.http_response.http_headers?.[0].value, requestId);
    }),
  );
});

test('every answer that is given again fits the schema, and names the request that was sent', () => {
  const refusal = fc
    .integer({ min: 400, max: 499 })
    .filter((status) => ![401, 408, 425, 429].includes(status))
    .map((status) => ({ status, id: undefined }));
  const success = fc.record({ status: fc.constantFrom(200, 201, 204), id: maybe(resourceId) });
  fc.assert(
    fc.property(fc.oneof(refusal, success), ({ status, id }) => {
      const record = replay(status, id);
      assertAuditRecord(record);
      assert.equal(record.status_id, status < 400 ? 1 : 2);
    }),
  );
});

test('a record of the guards that contradicts itself is refused', () => {
  const overlap = refuse('cidr-overlap');
  const impossible = refuse('preflight-failed', 500);
  const unknown = refuseAsUpstream(404, 'abc');
  const again = replay(201, 'one');
  const { decision } = overlap.unmapped;
  const sent = (record: KindRecord, upstream: object) => ({
    ...record,
    unmapped: { ...record.unmapped, upstream: { ...record.unmapped.upstream, ...upstream } },
  });
  const outcome = { ...again.metadata };
  const wrong: Record<string, object> = {
    'a refusal by the look that was sent': sent(overlap, { sent: 'yes' }),
    'an overlap with an answer of the upstream': {
      ...sent(overlap, { status: 200 }),
      api: { ...overlap.api, response: { code: 200 } },
    },
    'an overlap as an outcome': { ...overlap, metadata: outcome },
    'a dry run that has a key': { ...refuse('idempotency-key-reused'), action_id: 3, action: 'Observed' },
    'a dry run that waits for its turn': { ...refuse('cluster-busy'), action_id: 3, action: 'Observed' },
    'an overlap that the policy never saw': {
      ...overlap,
      unmapped: { ...overlap.unmapped, decision: undefined },
    },
    'an overlap in what the policy denies': {
      ...overlap,
      unmapped: { ...overlap.unmapped, decision: { ...decision, effect: 'deny' } },
    },
    'a look that failed with a status in one place': sent({ ...impossible, api: overlap.api }, {}),
    'a refusal of the upstream that was sent': sent(unknown, { sent: 'yes' }),
    'a refusal of the upstream without its answer': { ...unknown, api: overlap.api },
    'a refusal of the upstream with 500': {
      ...sent(unknown, { status: 500 }),
      api: { ...unknown.api, response: { code: 500 } },
      http_response: { ...unknown.http_response, code: 500 },
    },
    "the upstream's request id with a refusal of the gateway": {
      ...overlap,
      http_response: { ...overlap.http_response, http_headers: unknown.http_response.http_headers },
    },
    'a replay that was sent': sent(again, { sent: 'yes' }),
    'a replay with an answer of the upstream': {
      ...sent(again, { status: 201 }),
      api: { ...again.api, response: { code: 201 } },
    },
    'a replay of nobody': { ...again, unmapped: { ...again.unmapped, replayed: undefined } },
    'a replay of what is not kept': { ...replay(404), http_response: { code: 429 } },
    'a replay that failed with a success': { ...again, status_id: 2, status: 'Failure' },
    'a refusal replayed as a success': { ...replay(404), status_id: 1, status: 'Success' },
    'a replay whose peering is not among the resources': {
      ...again,
      resources: overlap.resources,
    },
    'a replay that is refused': { ...again, metadata: overlap.metadata },
    'an ordinary answer as a replay': { ...unknown, status_code: 'replayed' },
  };
  for (const [what, record] of Object.entries(wrong)) {
    const text = JSON.parse(JSON.stringify(record));
    assert.throws(() => assertAuditRecord(text), /not an audit record/, what);
  }
});
