// Reads of clusters: what a caller may see of them, by the policy, and what is recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../../sandbox/reply.ts';
import { asked, otherCluster, recorded } from '../../support/call-peering.ts';
import {
  clusterId,
  guardrailsOnly,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';

const onlyOne = `${guardrailsOnly}
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [list]
    clusters: ["${otherCluster}"]
  - { id: creators, callers: [{ claim: sub, equals: svc-creator }], actions: [create] }
`;

async function read(gateway: TestGateway, path: string, claims: Record<string, unknown> = {}) {
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'read:database', ...claims })}`;
  return await gateway.call({ path, headers: { authorization } });
}

const idsIn = (reply: Reply) => reply.json.clusters.map(({ id }) => id);

test('a cluster is answered byte for byte as Aerospike Cloud gives it, and the read is recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const body = { id: clusterId, name: 'orders', extra: { kept: 1.5 } };
  gateway.cloud.setFault(({ path }) =>
    path === `/v1/database/clusters/${clusterId}`
      ? (_request, response) => sendReply(response, { status: 200, body })
      : undefined,
  );
  const reply = await read(gateway, `/database/clusters/${clusterId.toUpperCase()}`);
  assert.equal(reply.status, 200);
  assert.equal(reply.text, JSON.stringify(body));
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=200');
  assert.deepEqual(recorded(gateway), ['cluster.read.outcome 1']);
  const [record] = gateway.records;
  assert.deepEqual(record?.api.request.data, { clusterId });
  assert.equal(record?.api.operation, 'getClusterById');
});

test('a cluster that no grant of the caller covers is 403 cluster_not_allowed, is not asked for, and is recorded', async (t) => {
  const gateway = await startTestGateway(t, { policy: onlyOne });
  const reply = await read(gateway, `/database/clusters/${clusterId}`);
  assert.equal(reply.status, 403);
  assert.equal(reply.json.context.violations[0]?.code, 'cluster_not_allowed');
  assert.deepEqual(asked(gateway), []);
  assert.deepEqual(recorded(gateway), ['cluster.read.refused 2']);
  assert.equal((await read(gateway, `/database/clusters/${otherCluster}`)).status, 200);
});

test('the list has the clusters that a grant covers and no word of the others, in its totals neither', async (t) => {
  const gateway = await startTestGateway(t, { policy: onlyOne });
  const reply = await read(gateway, '/database/clusters');
  assert.equal(reply.status, 200);
  assert.deepEqual(idsIn(reply), [otherCluster]);
  assert.equal(reply.json.count, 1);
  assert.deepEqual(reply.json.meta, { total: 1, limit: 10, offset: 0 });
  assert.ok(!reply.text.includes(clusterId));
  assert.deepEqual(recorded(gateway), ['cluster.read.outcome 1']);
});

test('a caller whose grants do not cover list sees no list of clusters', async (t) => {
  const gateway = await startTestGateway(t, { policy: onlyOne });
  for (const [sub, code] of [
    ['svc-creator', 'action_not_allowed'],
    ['svc-stranger', 'no_grant'],
  ] as const) {
    const reply = await read(gateway, '/database/clusters', { sub });
    assert.equal(reply.status, 403);
    assert.equal(reply.json.context.violations[0]?.code, code);
  }
  assert.deepEqual(asked(gateway), []);
  assert.deepEqual(recorded(gateway), ['cluster.read.refused 2', 'cluster.read.refused 2']);
});

test('limit and offset count among what the caller may see, over all pages of Aerospike Cloud', async (t) => {
  const clusters = Array.from({ length: 130 }, (_, number) => ({
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    name: `cluster ${number}`,
    cidrBlock: '10.128.0.0/19',
    networkId: 'vpc-0a1b2c3d4e5f60718',
    status: number % 2 === 0 ? 'active' : 'decommissioned',
  }));
  const gateway = await startTestGateway(t, { cloud: { clusters } });
  const reply = await read(gateway, '/database/clusters?status_ne=decommissioned,paused&limit=10&offset=60');
  assert.deepEqual(
    idsIn(reply),
    clusters
      .filter(({ status }) => status === 'active')
      .slice(60, 65)
      .map(({ id }) => id),
  );
  assert.equal(reply.json.count, 5);
  assert.deepEqual(reply.json.meta, { total: 65, limit: 10, offset: 60 });
  const [record] = gateway.records;
  assert.deepEqual(record?.api.request.data, { limit: 10, offset: 60 });
});

test('statuses that are none, or named twice, other parameters and another form of id are refused', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [path, field] of [
    ['/database/clusters?status_ne=ACTIVE', '/status_ne'],
    ['/database/clusters?status_ne=', '/status_ne'],
    ['/database/clusters?status_ne=paused,paused', '/status_ne'],
    ['/database/clusters?limit=101', '/limit'],
    ['/database/clusters?name=orders', '/name'],
    ['/database/clusters/orders', '/clusterId'],
    [`/database/clusters/${clusterId}?limit=1`, '/limit'],
  ] as const) {
    const reply = await read(gateway, path);
    assert.equal(reply.status, 400, path);
    assert.equal(reply.json.context.invalid[0]?.field, field);
  }
  assert.deepEqual(asked(gateway), []);
});

test('a refusal of Aerospike Cloud passes through both reads, and neither needs more than the list scope', async (t) => {
  const gateway = await startTestGateway(t, { cloud: { scopes: ['update:database'] } });
  for (const path of ['/database/clusters', `/database/clusters/${clusterId}`]) {
    const reply = await read(gateway, path);
    assert.equal(reply.status, 403);
    assert.equal(reply.headers['proxy-status'], 'peergate; received-status=403');
    const without = await read(gateway, path, { scope: 'update:database' });
    assert.equal(without.status, 403);
    assert.match(String(without.headers['www-authenticate']), /insufficient_scope/);
  }
});
