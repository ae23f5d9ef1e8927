// GET /peerings: who sees which peerings of the fleet, filtered how, and what is recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internalError } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import { otherCluster, put, recorded } from '../../support/call-peering.ts';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import type { ReplyBody } from '../../support/reply-body.ts';
import { until } from '../../support/until.ts';

const twoAccounts = guardrailsOnly.replace('["111122223333"]', '["111122223333", "444455556666"]');
const withGrants = `${twoAccounts}
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list, inspect]
    accounts: ["111122223333"]
  - { id: others, callers: [{ claim: sub, equals: svc-other }], actions: [list] }
`;
const environment = { FLEET_REFRESH_SECONDS: '1' };
const foreign = { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.6.0/23', accountId: '444455556666' };

async function ask(gateway: TestGateway, query = '', claims: Record<string, unknown> = {}) {
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'read:database', ...claims })}`;
  return await gateway.call({ path: `/peerings${query}`, headers: { authorization } });
}

/** The fleet, once so many peerings are visible. */
async function fleetOf(gateway: TestGateway, count: number): Promise<ReplyBody> {
  let json!: ReplyBody;
  await until(`${count} peerings`, async () => {
    const reply = await ask(gateway);
    json = reply.json;
    return reply.status === 200 && json.count === count;
  });
  return json;
}

test('a caller without grants sees the whole fleet, with its clusters and who created what', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...environment, RATE_LIMIT_PER_MINUTE: '0' } });
  const created = await gateway.create();
  put(gateway, 'active', foreign, otherCluster);
  const fleet = await fleetOf(gateway, 2);
  assert.equal(fleet.complete, true);
  assert.deepEqual(fleet.unread, []);
  const own = fleet.peerings.find(({ id }) => id === created.json.id);
  assert.equal(own?.clusterId, clusterId);
  assert.equal(own?.clusterName, 'orders');
  assert.equal(own?.clusterCidrBlock, '10.128.0.0/19');
  assert.equal(own?.createdBy.subject, 'svc-payments');
  assert.equal(own?.createdBy.requestId, created.headers['x-gateway-request-id']);
  assert.deepEqual(own?.findings, []);
  for (const [query, count] of [
    [`?clusterId=${otherCluster}`, 1],
    ['?finding=creator_unknown', 1],
    ['?finding=not_live', 0],
    ['?status=active', 1],
  ] as const)
    assert.equal((await ask(gateway, query)).json.count, count, query);
  for (const query of ['?finding=none', '?clusterId=orders', '?status=A', '?limit=3'])
    assert.equal((await ask(gateway, query)).status, 400, query);
});

test('a caller sees only peerings that a grant with inspect covers, and no finding names another', async (t) => {
  const gateway = await startTestGateway(t, {
    environment: { ...environment, RATE_LIMIT_PER_MINUTE: '0' },
    policy: withGrants,
  });
  const id = put(gateway, 'active', foreign);
  put(gateway, 'active');
  const fleet = await fleetOf(gateway, 1);
  const [own] = fleet.peerings;
  assert.equal(own?.vpcId, allowed.vpcId);
  assert.ok(own?.findings.some(({ code }) => code === 'block_overlap'));
  const text = JSON.stringify(fleet);
  for (const secret of [id, foreign.vpcId, foreign.accountId]) assert.ok(!text.includes(secret), secret);
});

test('a cluster that cannot be read is named to callers who may inspect it, and to no other', async (t) => {
  const policy = `${twoAccounts}
grants:
  - { id: all, callers: [{ claim: sub, equals: svc-payments }], actions: [inspect] }
  - { id: one, callers: [{ claim: sub, equals: svc-other }], actions: [inspect], clusters: ["${clusterId}"] }
`;
  const gateway = await startTestGateway(t, {
    environment: { ...environment, RATE_LIMIT_PER_MINUTE: '0' },
    policy,
    cloud: {
      fault: ({ path }) =>
        path.includes(`${otherCluster}/`)
          ? (_request, response) => sendReply(response, internalError())
          : undefined,
    },
  });
  const fleet = await fleetOf(gateway, 0);
  assert.deepEqual([fleet.complete, fleet.unread], [false, [otherCluster]]);
  const other = (await ask(gateway, '', { sub: 'svc-other' })).json;
  assert.deepEqual([other.complete, other.unread], [false, []]);
});

test('the record of an answer says that it came from the snapshot, and that nothing was sent', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...environment, RATE_LIMIT_PER_MINUTE: '0' } });
  await fleetOf(gateway, 0);
  const record = gateway.records.find(({ metadata }) => metadata.event_code === 'fleet.list.outcome');
  assert.equal(record?.status_code, 'snapshot-answered');
  assert.deepEqual(record?.unmapped.upstream, { sent: 'no' });
  assert.equal(record?.api.response, undefined);
});

test('without a grant for inspect, and without the scope, nothing is seen, and the refusal is recorded', async (t) => {
  const gateway = await startTestGateway(t, { environment, policy: withGrants });
  const refused = await ask(gateway, '', { sub: 'svc-other' });
  assert.equal(refused.status, 403);
  assert.equal(refused.json.context.violations[0]?.code, 'action_not_allowed');
  assert.equal((await ask(gateway, '', { scope: 'delete:database' })).json.code, 'scope-missing');
  assert.deepEqual(recorded(gateway), ['fleet.list.refused 2', 'fleet.list.refused 2']);
});

test('before the first snapshot the answer is 503 with Retry-After, and with the fleet off 404', async (t) => {
  const hung = await startTestGateway(t, {
    environment,
    cloud: { fault: ({ path }) => (path.startsWith('/v1/') ? () => undefined : undefined) },
  });
  const early = await ask(hung);
  assert.equal(early.status, 503);
  assert.equal(early.json.code, 'fleet-unavailable');
  assert.equal(early.headers['retry-after'], '5');
  assert.equal((await ask(await startTestGateway(t))).status, 404);
});
