// Create a VPC peering: exactly the five members of the vendor's contract, all required, each of the right form. What
// goes upstream is built anew from them.
import { z } from 'zod';
import type { PeeringRequest } from '../../policy/engine/decision.ts';
import { peeringValues } from '../../policy/language/peering-values.ts';
import type { Operation } from '../operation.ts';
import { Faults, parseClusterId, parseQuery } from '../parse.ts';

const createBody = z.strictObject(peeringValues, 'must be a JSON object');

const members = Object.keys(createBody.shape);

export const createPeering = (scope: string): Operation => ({
  kind: 'create',
  action: 'create',
  method: 'POST',
  route: '/database/clusters/{clusterId}/vpc-peerings',
  id: 'createVPCPeerings',
  scope,
  readsBody: true,
  events: {
    refused: 'peering.create.refused',
    intent: 'peering.create.intent',
    outcome: 'peering.create.outcome',
  },
  parse({ clusterId: segment, query, body }) {
    const faults = new Faults();
    const clusterId = parseClusterId(segment, faults);
    const given = parseQuery(query, ['dryRun'], faults);
    if (!['true', 'false', undefined].includes(given.get('dryRun')))
      faults.reject('/dryRun', 'must be true or false');
    const values = parseBody(body, faults);
    return values === undefined || faults.any() ? faults : { clusterId, peering: { clusterId, ...values } };
  },
  toUpstream({ clusterId, peering }, requestId) {
    const { vpcId, cidrBlock: block, accountId, region, isSecureConnection } = valid(peering);
    return {
      method: 'POST',
      path: `/database/clusters/${clusterId}/vpc-peerings`,
      body: { vpcId, cidrBlock: block, accountId, region, isSecureConnection },
      requestId,
    };
  },
});

function parseBody(body: unknown, faults: Faults): z.output<typeof createBody> | undefined {
  // zod passes over this one member, which JSON.parse makes an ordinary one.
  if (isObject(body) && Object.hasOwn(body, '__proto__')) reportUnknown(['__proto__'], faults);
  const result = createBody.safeParse(body);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const [member] = issue.path;
    if (issue.code === 'unrecognized_keys')
      reportUnknown(
        issue.keys.filter((key) => key !== '__proto__'),
        faults,
      );
    else if (member === undefined) faults.reject('', issue.message);
    else if (isObject(body) && !Object.hasOwn(body, member)) faults.missing.push(`/${String(member)}`);
    else faults.reject(`/${String(member)}`, issue.message);
  }
  return undefined;
}

const reportUnknown = (names: readonly string[], faults: Faults): void =>
  faults.rejectUnknown('', names, `the members are ${members.join(', ')}`);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A parsed create always has its five values; a request without them must not be decided on. */
function valid(peering: PeeringRequest | undefined): PeeringRequest {
  if (peering === undefined) throw new Error('a create without its values');
  return peering;
}
