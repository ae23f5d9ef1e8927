// The look before a create refuses what AWS would refuse and what is there already, and says what is in the way; it sees
// nothing else, and whatever the policy refuses never comes to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeeringStatus } from '../../../sandbox/peerings.ts';
import { type CallOptions, guardrailsOnly } from '../../support/gateway.ts';
import {
  allowed,
  asked,
  assertRefused,
  clusterId,
  createAs,
  createNumber,
  otherCluster,
  posts,
  recorded,
  recordOf,
  startGuarded,
} from './watched-creates.ts';

const live: PeeringStatus[] = [
  'initiating-request',
  'pending-acceptance',
  'not-operable',
  'provisioning',
  'active',
];
const dead: PeeringStatus[] = ['rejected', 'expired', 'failed', 'deleting', 'deleted'];
const overlap = { status: 409, type: 'validation:failed', code: 'cidr-overlap' } as const;
const there = { status: 409, type: 'resource:already-exists', code: 'vpc-peered-already' } as const;
const look = ['GET cluster', 'GET peerings'];
/** Lets blocks pass that the cluster's own is in the way of. */
const policy = guardrailsOnly.replace('10.128.0.0/19, ', '');
const neighbour = { ...allowed, vpcId: 'vpc-00000000000000001' };

test('a create that nothing is in the way of is sent once, after reads of the cluster and its peerings', async (t) => {
  const gateway = await startGuarded(t);
  gateway.cloud.addPeering(clusterId, createNumber(1), 'active');
  const reply = await gateway.create();
  assert.equal(reply.status, 201);
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=201');
  assert.deepEqual(asked(gateway.cloud), [...look, 'POST peerings']);
  assert.deepEqual(recorded(gateway), ['intent', 'outcome upstream-answered']);
});

for (const cidrBlock of ['10.128.0.0/19', '10.128.31.0/24', '10.128.0.0/16']) {
  test(`${cidrBlock}, which overlaps the cluster's own block, is refused, and the answer names that block`, async (t) => {
    const gateway = await startGuarded(t, {}, { policy });
    const reply = await gateway.create({ ...allowed, cidrBlock });
    assertRefused(gateway, reply, overlap);
    assert.deepEqual(reply.json.context, {
      invalid: [
        {
          field: '/cidrBlock',
          type: 'urn:aerospike:errors:validation:failed',
          description: 'overlaps 10.128.0.0/19 of the cluster',
        },
      ],
    });
    assert.deepEqual(asked(gateway.cloud), look);
    assert.deepEqual(recorded(gateway), ['refused cidr-overlap']);
  });
}

test('a block just beside that of the cluster is sent, and so is the block of another cluster', async (t) => {
  const gateway = await startGuarded(t, {}, { policy });
  for (const [number, cidrBlock] of ['10.128.32.0/19', '10.127.224.0/19', '10.130.0.0/19'].entries()) {
    const reply = await gateway.create({ ...createNumber(number), cidrBlock });
    assert.equal(reply.status, 201, reply.text);
  }
  const refused = await createAs(gateway, {
    cluster: otherCluster,
    body: { ...allowed, cidrBlock: '10.130.8.0/22' },
  });
  assertRefused(gateway, refused, overlap);
  assert.match(refused.text, /overlaps 10\.130\.0\.0\/19 of the cluster/);
});

test('a peering in a live status is in the way of a block that overlaps it, and is named with its VPC', async (t) => {
  const gateway = await startGuarded(t);
  for (const status of live) {
    const id = gateway.cloud.addPeering(clusterId, { ...neighbour, cidrBlock: '10.20.6.0/23' }, status);
    const reply = await gateway.create(allowed);
    assertRefused(gateway, reply, overlap);
    assert.deepEqual(
      reply.json.context.invalid.map(({ field, description }) => [field, description]),
      [['/cidrBlock', `overlaps 10.20.6.0/23 of peering ${id} (${neighbour.vpcId})`]],
    );
    gateway.cloud.setStatus(id, 'deleted');
  }
  assert.equal(posts(gateway.cloud), 0);
  assert.deepEqual(
    recorded(gateway),
    live.map(() => 'refused cidr-overlap'),
  );
});

test('everything that is in the way is named at once: the cluster and each peering, twenty at most', async (t) => {
  const gateway = await startGuarded(t, {}, { policy });
  for (let number = 0; number < 30; number += 1) {
    const cidrBlock = `10.128.${64 + number}.0/24`;
    gateway.cloud.addPeering(clusterId, { ...createNumber(number), cidrBlock }, 'active');
  }
  const reply = await gateway.create({ ...allowed, cidrBlock: '10.128.0.0/16' });
  assertRefused(gateway, reply, overlap);
  const { invalid } = reply.json.context;
  assert.equal(invalid.length, 20);
  assert.match(String(invalid[0]?.description), /of the cluster$/);
  assert.match(String(invalid[19]?.description), /10\.128\.82\.0\/24 of peering/);
});

test("peerings that are rejected, expired, failed, deleting or deleted are in nobody's way", async (t) => {
  const gateway = await startGuarded(t);
  for (const status of dead) gateway.cloud.addPeering(clusterId, allowed, status);
  const reply = await gateway.create();
  assert.equal(reply.status, 201, reply.text);
  assert.deepEqual(asked(gateway.cloud), [...look, 'POST peerings']);
});

test('a VPC with a peering in a live status is refused with the id of that peering, whatever the block', async (t) => {
  const gateway = await startGuarded(t);
  for (const status of live) {
    gateway.cloud.addPeering(clusterId, { ...allowed, cidrBlock: '10.77.0.0/24' }, 'failed');
    const id = gateway.cloud.addPeering(clusterId, { ...allowed, cidrBlock: '10.99.0.0/24' }, status);
    const reply = await gateway.create(allowed);
    assertRefused(gateway, reply, there);
    assert.deepEqual(reply.json.context, { resource: 'vpc-peering', id });
    assert.equal(
      reply.json.detail,
      `${allowed.vpcId} is already peered with the cluster (status ${status}).`,
    );
    gateway.cloud.setStatus(id, 'rejected');
  }
  assert.equal(posts(gateway.cloud), 0);
});

test('the same VPC and the same block may be peered with another cluster', async (t) => {
  const gateway = await startGuarded(t);
  gateway.cloud.addPeering(otherCluster, allowed, 'active');
  assert.equal((await gateway.create()).status, 201);
});

test('a cluster that Aerospike Cloud does not know gets its 404, byte for byte, recorded as a refusal', async (t) => {
  const gateway = await startGuarded(t);
  const cluster = '00000000-0000-4000-8000-000000000000';
  const reply = await createAs(gateway, { cluster });
  const direct = await createAs(await startGuarded(t, { PREFLIGHT: 'off' }), { cluster });
  assert.equal(reply.status, 404);
  assert.equal(reply.text, direct.text);
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=404');
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.deepEqual(asked(gateway.cloud), ['GET cluster']);
  assert.deepEqual(recorded(gateway), ['refused upstream-answered']);
  const record = recordOf(gateway, reply);
  const { requestId } = gateway.apiRequests()[0] as unknown as { requestId: string };
  assert.deepEqual(record.unmapped.upstream, { sent: 'no', status: 404, requestId });
  assert.equal(record.action, 'Denied');
  assert.equal(record.http_response.code, 404);
  assert.equal(reply.headers['x-request-id'], requestId);
});

test('what is refused before preflight reads nothing', async (t) => {
  const gateway = await startGuarded(t);
  assert.equal((await gateway.create({ ...allowed, region: 'eu-north-1' })).status, 403);
  assert.equal((await gateway.create({ ...allowed, vpcId: 'vpc-1' })).status, 400);
  assert.equal((await createAs(gateway, { claims: { scope: 'read:database' } })).status, 403);
  assert.equal(gateway.cloud.connections, 0);
  assert.deepEqual(recorded(gateway), [
    'refused policy-denied',
    'refused request-invalid',
    'refused scope-missing',
  ]);
});

test('with PREFLIGHT=off nothing is read, and what AWS would refuse is sent', async (t) => {
  const gateway = await startGuarded(t, { PREFLIGHT: 'off' });
  gateway.cloud.addPeering(clusterId, allowed, 'active');
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(asked(gateway.cloud), ['POST peerings']);
});

test('both preflight reads carry the credential of the gateway, the request id, and nothing else of the caller', async (t) => {
  const gateway = await startGuarded(t);
  const token = await gateway.issuer.sign();
  const call: CallOptions = {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-request-id': 'order-17',
      'x-forwarded-for': '198.51.100.7',
      cookie: 'session=secret',
      'idempotency-key': 'key-17',
    },
    body: JSON.stringify(allowed),
  };
  assert.equal((await gateway.call(call)).status, 201);
  const [cluster, peerings, create] = gateway.apiRequests();
  for (const request of [cluster, peerings]) {
    assert.deepEqual(Object.keys(request?.headers as object).sort(), [
      'accept',
      'authorization',
      'connection',
      'host',
      'user-agent',
      'x-request-id',
    ]);
    assert.equal(request?.headers['x-request-id'], 'order-17');
    assert.equal(request?.headers.authorization, create?.headers.authorization);
    assert.equal(request?.body, '');
  }
  assert.equal(cluster?.path, `/v1/database/clusters/${clusterId}`);
  assert.match(String(peerings?.path), /\/vpc-peerings\?limit=100&offset=0$/);
  assert.doesNotMatch(JSON.stringify(gateway.cloud.requests), new RegExp(`${token.slice(-20)}|key-17`));
});
