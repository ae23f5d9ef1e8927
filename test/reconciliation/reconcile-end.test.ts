// The end of settling creates, and a log that is in trouble meanwhile: no look and no record is waited for longer than it
// takes, and what was settled is recorded once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, clusterId } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { lostCreate, settlementsIn, startReconciler } from './reconcile-rig.ts';

test('a stop during a list waits for no answer once the connections are closed', async (t) => {
  const { cloud, agent, reconcile, sink, lists } = await startReconciler(t);
  cloud.setFault(({ path }) => (path.startsWith('/v1/') ? () => undefined : undefined));
  reconcile.settle(lostCreate());
  await lists(1);
  const stopped = reconcile.stop();
  await agent.destroy();
  await stopped;
  assert.deepEqual(sink.lines, []);
});

test('nothing is listed after a stop', async (t) => {
  const { reconcile, apiRequests, cloud, sink } = await startReconciler(t);
  await reconcile.stop();
  reconcile.settle(lostCreate());
  // Another one has its look meanwhile.
  const other = await startReconciler(t);
  other.cloud.addPeering(clusterId, allowed, 'active');
  other.reconcile.settle(lostCreate());
  await other.settled();
  assert.deepEqual(apiRequests(), []);
  assert.equal(cloud.tokenRequests, 0);
  assert.deepEqual(sink.lines, []);
});

test('a stop waits for one record at most when the log takes none', async (t) => {
  const { cloud, reconcile, sink } = await startReconciler(t);
  for (let count = 0; count < 20; count += 1) {
    const values = { cidrBlock: `10.20.${count * 4}.0/22` };
    cloud.addPeering(clusterId, { ...allowed, ...values }, 'active');
    reconcile.settle(lostCreate(values));
  }
  sink.mode = () => 'hangs';
  await until('a record waits', () => sink.offered.length > 0);
  await reconcile.stop();
  assert.ok(sink.offered.length < 20);
});

test('a settlement that the log does not take is recorded once, when it takes records again', async (t) => {
  const { cloud, reconcile, sink, settled, elapsed, lists } = await startReconciler(t);
  const resourceId = cloud.addPeering(clusterId, allowed, 'active');
  sink.mode = () => 'rejects';
  const [first, second] = [lostCreate(), lostCreate({ cidrBlock: '10.20.8.0/22' })];
  reconcile.settle(first);
  await until('a record was refused', () => sink.offered.length > 0);
  sink.mode = () => 'works';
  reconcile.settle(second);
  await lists(1);
  elapsed.ms += 5000;
  await settled(2);
  assert.deepEqual(settlementsIn(sink.records), [
    { id: first.gatewayRequestId, found: true, resourceId, peeringStatus: 'active' },
    { id: second.gatewayRequestId, found: false },
  ]);
});
