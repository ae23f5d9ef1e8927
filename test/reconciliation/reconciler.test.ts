// What a look into the upstream's list says of a create whose end nobody knows: that it was carried out, that it was not,
// or nothing yet. Nothing but the list is ever asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeeringStatus } from '../../sandbox/peerings.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { LocalClusterLock } from '../../src/state/lock/cluster-lock.ts';
import { allowed, clusterId, peeringsPath } from '../support/gateway.ts';
import { lostCreate, settlementsIn, startReconciler } from './reconcile-rig.ts';

type Reconciler = Awaited<ReturnType<typeof startReconciler>>;

/** A create is given up; this is long enough ago for its absence to be believed. */
const longEnoughMs = 5000;

function assertOnlyLooked({ apiRequests }: Reconciler): void {
  for (const { method, path } of apiRequests()) {
    assert.equal(method, 'GET');
    assert.equal(path.split('?')[0], `/v1${peeringsPath}`);
  }
}

const statuses: readonly PeeringStatus[] = [
  'initiating-request',
  'pending-acceptance',
  'not-operable',
  'provisioning',
  'active',
  'rejected',
  'expired',
  'failed',
  'deleting',
  'deleted',
];

for (const status of statuses) {
  test(`a peering that is listed as ${status} settles the create at the first list`, async (t) => {
    const rig = await startReconciler(t);
    const resourceId = rig.cloud.addPeering(clusterId, allowed, status);
    const lost = lostCreate();
    rig.reconcile.settle(lost);
    await rig.settled();
    const found = { id: lost.gatewayRequestId, found: true, resourceId, peeringStatus: status };
    assert.deepEqual(settlementsIn(rig.sink.records), [found]);
    assert.equal(rig.apiRequests().length, 1);
    assertOnlyLooked(rig);
  });
}

test('the record of a settled create names its caller, its ids and its values', async (t) => {
  const rig = await startReconciler(t);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  await rig.settled();
  const [record] = rig.sink.records;
  assert.equal(record?.status_id, 1);
  assert.equal(record?.status_code, 'peering-found');
  assert.equal(record?.start_time, lost.startedAt);
  assert.equal(record?.actor.user.uid, 'svc-payments');
  assert.equal(record?.actor.idp.name, 'https://idp.example');
  assert.equal(record?.actor.app_uid, 'payments');
  assert.equal(record?.actor.session.credential_uid, 'b7c1');
  assert.equal(record?.api.request.uid, lost.gatewayRequestId);
  assert.equal(record?.http_request.uid, lost.requestId);
  assert.equal(record?.src_endpoint.ip, '192.0.2.7');
  assert.deepEqual(record?.api.request.data, { clusterId, ...allowed });
  assert.equal(record?.resources.at(-1)?.uid, resourceId);
});

test('a create is called absent only by a list five seconds after it was given up, however old it is', async (t) => {
  const rig = await startReconciler(t);
  const lost = { ...lostCreate(), startedAt: Date.now() - 3_600_000 };
  rig.reconcile.settle(lost);
  await rig.lists(1);
  rig.elapsed.ms += longEnoughMs - 1;
  await rig.lists(2);
  assert.deepEqual(rig.sink.lines, []);
  rig.elapsed.ms += 1;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
  const [record] = rig.sink.records;
  assert.equal(record?.status_id, 2);
  assert.equal(record?.status_code, 'peering-absent');
  assertOnlyLooked(rig);
});

test('a create that arrives late is found, and not called absent before', async (t) => {
  const rig = await startReconciler(t);
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  await rig.lists(2);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  await rig.settled();
  const found = { id: lost.gatewayRequestId, found: true, resourceId, peeringStatus: 'active' };
  assert.deepEqual(settlementsIn(rig.sink.records), [found]);
});

test('of a cluster that is gone no peering is left, which too is believed only after five seconds', async (t) => {
  const rig = await startReconciler(t);
  const nowhere = '00000000-0000-4000-8000-000000000000';
  const lost = lostCreate({}, nowhere);
  rig.reconcile.settle(lost);
  await rig.lists(2);
  assert.deepEqual(rig.sink.lines, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
});

const others = {
  vpcId: 'vpc-0123456789abcdef1',
  cidrBlock: '10.20.4.0/23',
  accountId: '111122223334',
  region: 'eu-west-1',
  isSecureConnection: false,
};
for (const [member, value] of Object.entries(others)) {
  test(`a peering with another ${member} is another's`, async (t) => {
    const rig = await startReconciler(t);
    rig.cloud.addPeering(clusterId, { ...allowed, [member]: value }, 'active');
    const lost = lostCreate();
    rig.reconcile.settle(lost);
    rig.elapsed.ms += longEnoughMs;
    await rig.settled();
    assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
  });
}

test('a peering that another create is known to have made is no trace of this one', async (t) => {
  const rig = await startReconciler(t);
  rig.reconcile.attribution.recordCreator(
    rig.cloud.addPeering(clusterId, allowed, 'active'),
    'another create',
  );
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
});

test('of several peerings with the values, a live one is the trace', async (t) => {
  const rig = await startReconciler(t);
  for (const status of ['rejected', 'expired', 'failed', 'deleting', 'deleted'] as const)
    rig.cloud.addPeering(clusterId, allowed, status);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'pending-acceptance');
  rig.cloud.addPeering(clusterId, allowed, 'deleted');
  rig.reconcile.settle(lostCreate());
  await rig.settled();
  assert.equal(settlementsIn(rig.sink.records)[0]?.resourceId, resourceId);
});

/** The list holds just this. */
const listing = (rig: Reconciler, entry: object | undefined): void =>
  rig.cloud.setFault(({ path }) =>
    entry !== undefined && path.startsWith('/v1/')
      ? (_request, response) => sendReply(response, { status: 200, body: { count: 1, vpcPeerings: [entry] } })
      : undefined,
  );

test('a listed peering without its VPC may be anybody’s: nothing is concluded while it is there', async (t) => {
  const rig = await startReconciler(t);
  listing(rig, { id: 'p-1', cidrBlock: allowed.cidrBlock });
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  rig.elapsed.ms += longEnoughMs;
  await rig.lists(2);
  assert.deepEqual(rig.sink.lines, []);
  listing(rig, { id: 'p-1', vpcId: 'vpc-0123456789abcdef1' });
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
});

test('a listed peering without its VPC that cannot be this one by another value is nobody’s concern', async (t) => {
  const rig = await startReconciler(t);
  listing(rig, { id: 'p-1', cidrBlock: '10.99.0.0/22' });
  rig.reconcile.settle(lostCreate());
  rig.elapsed.ms += longEnoughMs;
  await rig.settled();
  assert.equal(settlementsIn(rig.sink.records)[0]?.found, false);
});

test('what the list does not say of a peering of this VPC is not held against it', async (t) => {
  const rig = await startReconciler(t);
  listing(rig, { id: 'p-1', vpcId: allowed.vpcId });
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  await rig.settled();
  const found = { id: lost.gatewayRequestId, found: true, resourceId: 'p-1' };
  assert.deepEqual(settlementsIn(rig.sink.records), [found]);
});

for (const status of ['x'.repeat(300), 'Bearer abc', '']) {
  test(`what stands in the place of a status and is none gets into no record: ${JSON.stringify(status.slice(0, 12))}`, async (t) => {
    const rig = await startReconciler(t);
    listing(rig, { id: 'p-1', ...allowed, status });
    const lost = lostCreate();
    rig.reconcile.settle(lost);
    await rig.settled();
    const found = { id: lost.gatewayRequestId, found: true, resourceId: 'p-1' };
    assert.deepEqual(settlementsIn(rig.sink.records), [found]);
  });
}

test('a status that this version does not know is recorded as it is', async (t) => {
  const rig = await startReconciler(t);
  listing(rig, { id: 'p-1', ...allowed, status: 'being-moved' });
  rig.reconcile.settle(lostCreate());
  await rig.settled();
  assert.equal(settlementsIn(rig.sink.records)[0]?.peeringStatus, 'being-moved');
});

test('a create is never settled by a peering that another create with the same values may be making', async (t) => {
  const rig = await startReconciler(t);
  const [lost, other] = [lostCreate(), lostCreate()];
  const otherSettled = rig.reconcile.begin(other);
  rig.reconcile.settle(lost);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.elapsed.ms += longEnoughMs;
  await rig.lists(2);
  assert.deepEqual(settlementsIn(rig.sink.records), []);
  rig.reconcile.attribution.recordCreator(resourceId, other.gatewayRequestId);
  otherSettled();
  rig.elapsed.ms += 1;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, found: false }]);
  assertOnlyLooked(rig);
});

test('creates for a cluster are settled under its lock only, and the lock is released', async (t) => {
  const clusterLock = new LocalClusterLock(10_000);
  const rig = await startReconciler(t, {}, clusterLock);
  const release = await clusterLock.acquire(clusterId);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  const waiting = clusterLock.acquire(clusterId);
  assert.equal(rig.apiRequests().length, 0);
  release();
  const releaseWaiting = await waiting;
  releaseWaiting();
  await rig.settled();
  assert.equal(settlementsIn(rig.sink.records)[0]?.resourceId, resourceId);
  (await clusterLock.acquire(clusterId))();
});

test('no create is settled before it is known which peerings earlier runs made', async (t) => {
  const rig = await startReconciler(t);
  const earlier = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.hold();
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(rig.apiRequests().length, 0);
  rig.reconcile.attribution.recordCreator(earlier, 'a request of an earlier run');
  rig.elapsed.ms += longEnoughMs;
  rig.reconcile.release();
  await rig.settled();
  assert.deepEqual(
    settlementsIn(rig.sink.records).map(({ id, found }) => ({ id, found })),
    [{ id: lost.gatewayRequestId, found: false }],
  );
});
