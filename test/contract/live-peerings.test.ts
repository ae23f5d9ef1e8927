// Real answers about one peering, and to its delete, against `openapi/gateway.yaml`: status, media type, body and header
// fields are the documented ones, and every example is what really comes.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { PeeringStatus } from '../../sandbox/peerings.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { getPeering } from '../../src/operations/get-peering/get-peering.ts';
import { type NextStep, nextStepFor } from '../../src/operations/get-peering/next-step.ts';
import type { ListedPeering } from '../../src/upstream/peerings.ts';
import { get, nobody, pathOf, put, remove } from '../support/call-peering.ts';
import { clusterId, guardrailsOnly, type Reply, startTestGateway } from '../support/gateway.ts';
import { assertDocumented, contract, operation } from './assert-documented.ts';
import { faultsOf } from './faults-of.ts';
import type { Parameter } from './openapi-types.ts';

type PendingPeering = ListedPeering & { readonly nextStep: NextStep };

const one = operation('getVPCPeering');
const deletion = operation('deleteVPCPeerings');
const { examples, schemas } = contract.root.components;

test('a single peering is answered as documented at every status, with and without waiting', async (t) => {
  const gateway = await startTestGateway(t);
  for (const status of schemas.VPCPeeringStatus.enum as readonly PeeringStatus[]) {
    const reply = await get(gateway, put(gateway, status));
    assert.deepEqual([reply.status, reply.json.status], [200, status]);
    assertDocumented(one, reply);
  }
  const id = put(gateway, 'pending-acceptance');
  const awaited = await get(gateway, id, '?wait=active&timeoutSeconds=1');
  assert.equal(awaited.status, 202);
  assertDocumented(one, awaited);
});

test('the example of a peering that waits to be accepted has the next step that comes with it', () => {
  const { nextStep, ...listed } = examples['peering-pending'].value as unknown as PendingPeering;
  assert.deepEqual(nextStep, nextStepFor(listed, { clusterBlock: '10.128.0.0/19' }));
});

test('a single peering takes the documented parameters with their documented values, and no others', () => {
  const accepts = (query: string) => {
    const params = { clusterId, peeringId: nobody };
    const raw = { params, query: new URLSearchParams(query), headers: {}, body: undefined };
    return !faultsOf(getPeering, raw).any();
  };
  const parameters = one.parameters.filter((parameter) => parameter.in === 'query');
  assert.deepEqual(
    parameters.map(({ name }) => name),
    ['wait', 'timeoutSeconds'],
  );
  const [{ schema: wait }, { schema: seconds }] = parameters as [Parameter, Parameter];
  for (const value of wait.enum) {
    assert.ok(accepts(`wait=${value}`));
    for (const least of [seconds.minimum, seconds.maximum])
      assert.ok(accepts(`wait=${value}&timeoutSeconds=${least}`));
    for (const beyond of [seconds.minimum - 1, seconds.maximum + 1])
      assert.ok(!accepts(`wait=${value}&timeoutSeconds=${beyond}`));
  }
  assert.ok(accepts('') && !accepts('wait=other') && !accepts(`timeoutSeconds=${seconds.default}`));
});

test('a delete, and its refusals by the policy and for a scope, are answered as documented', async (t) => {
  const gateway = await startTestGateway(t);
  const deleted = await remove(gateway, put(gateway));
  assert.equal(deleted.status, 204);
  assertDocumented(deletion, deleted);
  const denied = await remove(gateway, put(gateway, 'active', { accountId: '444455556666' }));
  assert.equal(denied.status, 403);
  assertDocumented(deletion, denied);
  const unscoped = await remove(gateway, put(gateway), { claims: { scope: 'read:database' } });
  const [scope] = deletion.operation.security[0].bearer;
  assert.match(String(unscoped.headers['www-authenticate']), new RegExp(`scope="${scope}"$`));
  assertDocumented(deletion, unscoped);
});

test('a peering that is not there is answered with the documented example, to either', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [place, reply] of [
    [one, await get(gateway, nobody)],
    [deletion, await remove(gateway, nobody)],
  ] as const) {
    assertDocumented(place, reply);
    const { instance: _, ...problem } = reply.json;
    const { instance: __, ...example } = examples['peering-unknown'].value;
    assert.deepEqual(problem, example);
  }
});

test('what Aerospike Cloud answers to the list or to the delete passes through as documented', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const { value } = examples['aerospike-cluster-unknown'];
  const cluster = value.context.id;
  assertDocumented(one, await get(gateway, nobody, '', { cluster }));
  assertDocumented(deletion, await remove(gateway, nobody, { cluster }));
  for (const status of [202, 409, 418, 507]) {
    const headers = { 'Retry-After': '7', Location: '/elsewhere', 'X-Other': 'stays behind' };
    gateway.cloud.setFault(({ method }) =>
      method === 'DELETE'
        ? (_, response) => sendReply(response, { status, headers, ...(status < 400 ? { body: {} } : {}) })
        : undefined,
    );
    const reply = await remove(gateway, id);
    assert.equal(reply.status, status);
    assertDocumented(deletion, reply);
  }
});

test('an upstream in trouble, a wrong request and a wrong method are answered as documented, to either', async (t) => {
  const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '500' } });
  const id = put(gateway);
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  const documented = (status: number, place: Parameters<typeof assertDocumented>[0], reply: Reply) => {
    assert.equal(reply.status, status, reply.text);
    assertDocumented(place, reply);
  };
  documented(400, one, await get(gateway, id, '?wait=1'));
  documented(400, deletion, await remove(gateway, 'x'));
  documented(405, one, await gateway.call({ method: 'PUT', path: pathOf(id), headers }));
  for (const [listener, status] of [
    [(_: unknown, response: ServerResponse) => response.writeHead(500).end(), 502],
    [() => undefined, 504],
  ] as const) {
    gateway.cloud.setFault(({ path }) => (path.startsWith('/v1') ? listener : undefined));
    documented(status, one, await get(gateway, id));
    documented(status, deletion, await remove(gateway, id));
  }
  const full = await startTestGateway(t, {
    policy: guardrailsOnly,
    sink: { write: () => Promise.reject(new Error('the disk is full')) },
  });
  documented(503, one, await get(full, id));
  documented(503, deletion, await remove(full, id));
});
