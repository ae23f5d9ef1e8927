// Of several creates with the same values whose end nobody knows, none is credited with a peering that another one may have
// made: the record says that it cannot be known. What can be told apart is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../sandbox/reply.ts';
import { LocalClusterLock } from '../../src/state/lock/cluster-lock.ts';
import { otherCluster } from '../support/call-peering.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { lostCreate, settlementsIn, startReconciler } from './reconcile-rig.ts';

/** After so long the absence of a create is believed. */
const longEnoughMs = 5000;

test('a peering that either of two creates may have made is given to neither: both are recorded as unknown', async (t) => {
  const rig = await startReconciler(t);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  const [first, second] = [lostCreate(), lostCreate()];
  rig.reconcile.settle(first, []);
  rig.reconcile.settle(second, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(2);
  assert.deepEqual(settlementsIn(rig.sink.records), [
    { id: first.gatewayRequestId, ambiguous: [resourceId] },
    { id: second.gatewayRequestId, ambiguous: [resourceId] },
  ]);
  for (const record of rig.sink.records) {
    assert.deepEqual([record.status_id, record.status_code], [0, 'attribution-ambiguous']);
    assert.ok(!JSON.stringify(record.resources).includes(resourceId));
  }
  assert.equal(rig.reconcile.attribution.creatorOf(resourceId), undefined);
});

test('a create that may have made either of two live peerings is credited with neither', async (t) => {
  const rig = await startReconciler(t);
  const ids = (['active', 'pending-acceptance'] as const).map((status) =>
    rig.cloud.addPeering(clusterId, allowed, status),
  );
  const lost = lostCreate();
  rig.reconcile.settle(lost);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, ambiguous: ids }]);
  for (const id of ids) assert.equal(rig.reconcile.attribution.creatorOf(id), undefined);
});

test('of two creates and two peerings nobody is credited with the one that the other may have made', async (t) => {
  const rig = await startReconciler(t);
  const dead = rig.cloud.addPeering(clusterId, allowed, 'rejected');
  const live = rig.cloud.addPeering(clusterId, allowed, 'active');
  for (const lost of [lostCreate(), lostCreate()]) rig.reconcile.settle(lost, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(2);
  for (const { ambiguous } of settlementsIn(rig.sink.records)) assert.deepEqual(ambiguous, [live, dead]);
});

test('no create is called ambiguous before both have had the time to arrive', async (t) => {
  const rig = await startReconciler(t);
  rig.cloud.addPeering(clusterId, allowed, 'active');
  for (const lost of [lostCreate(), lostCreate()]) rig.reconcile.settle(lost, []);
  await rig.lists(2);
  rig.elapsed.ms += longEnoughMs - 1;
  await rig.lists(2);
  assert.deepEqual(rig.sink.lines, []);
  rig.elapsed.ms += 1;
  await rig.settled(2);
});

test('a create that is lost while its cluster’s lock is waited for counts, too: the one before it is credited with nothing', async (t) => {
  const lock = new LocalClusterLock(10_000);
  const { promise: waiting, resolve: waits } = Promise.withResolvers<void>();
  const rig = await startReconciler(
    t,
    {},
    {
      acquire(id) {
        waits();
        return lock.acquire(id);
      },
    },
  );
  const release = await lock.acquire(clusterId);
  const [first, second] = [lostCreate(), lostCreate()];
  rig.reconcile.settle(first, []);
  await waiting;
  // The second one has the lock, is carried out and gets no answer.
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.settle(second, []);
  rig.elapsed.ms += longEnoughMs;
  release();
  await rig.settled(2);
  assert.deepEqual(settlementsIn(rig.sink.records), [
    { id: first.gatewayRequestId, ambiguous: [resourceId] },
    { id: second.gatewayRequestId, ambiguous: [resourceId] },
  ]);
});

test('without a lock, a create that is lost while another cluster is listed counts, too', async (t) => {
  const rig = await startReconciler(t);
  const { promise: listing, resolve: lists } = Promise.withResolvers<() => void>();
  rig.cloud.setFault(({ path }) =>
    path.includes(otherCluster)
      ? (_request, response) =>
          lists(() => sendReply(response, { status: 200, body: { meta: { total: 0 }, vpcPeerings: [] } }))
      : undefined,
  );
  const [elsewhere, first, second] = [lostCreate({}, otherCluster), lostCreate(), lostCreate()];
  rig.reconcile.settle(elsewhere, []);
  rig.reconcile.settle(first, []);
  const answer = await listing;
  const end = rig.reconcile.begin(second);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.settle(second, []);
  end();
  rig.elapsed.ms += longEnoughMs;
  rig.cloud.setFault(undefined);
  answer();
  await rig.settled(2);
  assert.deepEqual(
    settlementsIn(rig.sink.records).filter(({ id }) => id !== elsewhere.gatewayRequestId),
    [
      { id: first.gatewayRequestId, ambiguous: [resourceId] },
      { id: second.gatewayRequestId, ambiguous: [resourceId] },
    ],
  );
});

test('a create that was sent when the peering was there already leaves it to the other one', async (t) => {
  const rig = await startReconciler(t);
  const [older, later] = [
    rig.cloud.addPeering(clusterId, allowed, 'rejected'),
    rig.cloud.addPeering(clusterId, allowed, 'active'),
  ];
  const [first, second] = [lostCreate(), lostCreate()];
  rig.reconcile.settle(first, []);
  rig.reconcile.settle(second, [older]);
  await rig.settled(2);
  assert.deepEqual(
    settlementsIn(rig.sink.records).map(({ id, resourceId }) => [id, resourceId]),
    [
      [first.gatewayRequestId, older],
      [second.gatewayRequestId, later],
    ],
  );
});

test('a create that was left open while the lock was waited for counts, too', async (t) => {
  const lock = new LocalClusterLock(10_000);
  const release = await lock.acquire(clusterId);
  const asked = Promise.withResolvers<void>();
  const rig = await startReconciler(
    t,
    {},
    {
      acquire(cluster) {
        asked.resolve();
        return lock.acquire(cluster);
      },
    },
  );
  const [first, second] = [lostCreate(), lostCreate()];
  rig.reconcile.settle(first, []);
  await asked.promise;
  rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.settle(second, []);
  release();
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(2);
  for (const { found } of settlementsIn(rig.sink.records)) assert.equal(found, undefined);
});

test('a peering that was ambiguous before a create was sent is no trace of it', async (t) => {
  const rig = await startReconciler(t);
  rig.cloud.addPeering(clusterId, allowed, 'active');
  for (const lost of [lostCreate(), lostCreate()]) rig.reconcile.settle(lost, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(2);
  const [absent, found] = [lostCreate(), lostCreate()];
  rig.reconcile.settle(absent, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(3);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.settle(found, []);
  await rig.settled(4);
  assert.deepEqual(settlementsIn(rig.sink.records.slice(2)), [
    { id: absent.gatewayRequestId, found: false },
    { id: found.gatewayRequestId, found: true, resourceId, peeringStatus: 'active' },
  ]);
});

test('a peering that an earlier run called ambiguous settles no create of an earlier run', async (t) => {
  const rig = await startReconciler(t);
  const resourceId = rig.cloud.addPeering(clusterId, allowed, 'active');
  const lost = lostCreate();
  rig.reconcile.attribution.recordAmbiguous(resourceId);
  rig.reconcile.settle(lost);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled();
  assert.deepEqual(settlementsIn(rig.sink.records), [{ id: lost.gatewayRequestId, ambiguous: [resourceId] }]);
});

test('two creates of which none was carried out are both absent', async (t) => {
  const rig = await startReconciler(t);
  for (const lost of [lostCreate(), lostCreate()]) rig.reconcile.settle(lost, []);
  rig.elapsed.ms += longEnoughMs;
  await rig.settled(2);
  for (const { found } of settlementsIn(rig.sink.records)) assert.equal(found, false);
});

for (const status of ['active', 'rejected'] as const)
  test(`a peering that is known to be of the create settles it, ${status} beside a live one with the same values`, async (t) => {
    const rig = await startReconciler(t);
    const own = rig.cloud.addPeering(clusterId, allowed, status);
    rig.cloud.addPeering(clusterId, allowed, 'active');
    const lost = lostCreate();
    rig.reconcile.attribution.recordCreator(own, lost.gatewayRequestId);
    rig.reconcile.settle(lost);
    await rig.settled();
    assert.deepEqual(settlementsIn(rig.sink.records), [
      { id: lost.gatewayRequestId, found: true, resourceId: own, peeringStatus: status },
    ]);
  });
