// What Aerospike Cloud's list says of a delete whose outcome nobody knows: that it was carried out, that it was not, or
// nothing yet. Nothing but the list is ever asked for.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { notFound } from '../../sandbox/problems.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { deletePeering } from '../../src/operations/delete-peering/delete-peering.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { lostCreate, startReconciler } from './reconcile-rig.ts';

const tenMinutesMs = 600_000;

function lostDelete(peeringId: string, ageMs = 0): RequestFacts {
  const { id, method, route, eventPrefix } = deletePeering;
  const { accountId, region } = allowed;
  return {
    ...lostCreate(),
    startedAt: Date.now() - ageMs,
    operation: { id, method, route, eventPrefix },
    target: { clusterId, peeringId, existing: { accountId, region } },
  };
}

type Rig = Awaited<ReturnType<typeof startReconciler>>;

const settlements = ({ sink }: Rig) =>
  sink.records.map(({ metadata, status_id, status_code, unmapped }) => [
    metadata.event_code,
    status_id,
    status_code,
    unmapped.reconciled,
  ]);

const succeeded = [['peering.delete.reconciled', 1, 'peering-absent', { found: false }]];

test('a peering that is listed no more, or as deleted, settles its delete as a success at the first look', async (t) => {
  for (const status of [undefined, 'deleted'] as const) {
    const rig = await startReconciler(t);
    const id = status === undefined ? randomUUID() : rig.cloud.addPeering(clusterId, allowed, status);
    rig.reconcile.settle(lostDelete(id));
    await rig.settled();
    assert.deepEqual(settlements(rig), succeeded);
    assert.deepEqual(
      rig.apiRequests().map(({ method }) => method),
      ['GET'],
    );
    assert.equal(rig.reconcile.open, 0);
  }
});

test('a peering that is still listed 10 minutes after the intent settles its delete as a failure', async (t) => {
  const rig = await startReconciler(t);
  const id = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.reconcile.settle(lostDelete(id, tenMinutesMs));
  await rig.settled();
  const found = { found: true, peeringStatus: 'active', resourceId: id };
  assert.deepEqual(settlements(rig), [['peering.delete.reconciled', 2, 'peering-found', found]]);
});

for (const [what, status, ageMs] of [
  ['is listed as deleting, however long', 'deleting', 2 * tenMinutesMs],
  ['was to be deleted less than 10 minutes ago', 'active', tenMinutesMs - 60_000],
] as const)
  test(`nothing is settled while the peering ${what}`, async (t) => {
    const rig = await startReconciler(t);
    rig.reconcile.settle(lostDelete(rig.cloud.addPeering(clusterId, allowed, status), ageMs));
    await rig.lists(1);
    await rig.reconcile.stop();
    assert.deepEqual(settlements(rig), []);
    assert.equal(rig.reconcile.open, 1);
  });

test('a cluster that is gone settles its deletes as successes', async (t) => {
  const rig = await startReconciler(t);
  const id = rig.cloud.addPeering(clusterId, allowed, 'active');
  rig.cloud.setFault(({ path }) =>
    path.startsWith('/v1') ? (_, response) => sendReply(response, notFound('cluster', clusterId)) : undefined,
  );
  rig.reconcile.settle(lostDelete(id));
  await rig.settled();
  assert.deepEqual(settlements(rig), succeeded);
});
