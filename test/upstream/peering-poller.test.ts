// Looks that callers share: never one that began before a caller's own, which may not know of its peering yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import { type FoundPeering, PeeringPoller } from '../../src/upstream/peering-poller.ts';
import type { ListedPeering } from '../../src/upstream/peerings.ts';
import type { UpstreamList } from '../../src/upstream/read-list.ts';
import { until } from '../support/until.ts';

/** An upstream whose every answer the test gives. */
function heldReads() {
  const reads: PromiseWithResolvers<UpstreamList<ListedPeering>>[] = [];
  const network = {
    peerings: () => {
      const held = Promise.withResolvers<UpstreamList<ListedPeering>>();
      reads.push(held);
      return held.promise;
    },
  };
  return { reads, poller: new PeeringPoller(network, systemClock) };
}

const early = '11111111-0000-4000-8000-00000000000e';
const late = '22222222-0000-4000-8000-00000000000f';
const a = '33333333-0000-4000-8000-00000000000a';
const b = '33333333-0000-4000-8000-00000000000b';
const c = '33333333-0000-4000-8000-00000000000c';

const wanted = (peeringId: string) => ({ clusterId: 'cluster', peeringId, requestId: 'one' });
const seen = (id: string): FoundPeering => ({
  peering: { id, status: 'provisioning' },
  requestId: `upstream-${id}`,
  final: false,
});
const active = (...ids: string[]): UpstreamList<ListedPeering> => ({
  entries: ids.map((id) => ({ id, status: 'active' })),
  requestId: 'upstream-5',
});

const statusOf = (found: FoundPeering | undefined) => found?.peering.status;

function begin(poller: PeeringPoller, id: string, waitMs = 60_000): Promise<FoundPeering | undefined> {
  const wait = poller.enter(performance.now() + waitMs);
  assert.ok(wait !== undefined);
  return poller.wait(wanted(id), seen(id), wait).finally(wait.leave);
}

test('a poll that began before a caller had seen its peering is not shared with it', async () => {
  const { reads, poller } = heldReads();
  const first = begin(poller, early);
  await until('its look', () => reads.length === 1);
  // Made, and seen by its caller, after that look had begun.
  const second = begin(poller, late);
  await until('a look of its own', () => reads.length === 2);
  reads[0]?.resolve(active(early));
  reads[1]?.resolve(active(early, late));
  for (const found of await Promise.all([first, second])) assert.equal(statusOf(found), 'active');
});

test('a poll that began later is shared by all who waited for it', async () => {
  const { reads, poller } = heldReads();
  const waits = [a, b, c].map((id) => begin(poller, id));
  assert.equal(poller.waiting, 3);
  await until('a look', () => reads.length === 1);
  reads[0]?.resolve(active(a, b, c));
  const found = await Promise.all(waits);
  for (const one of found) assert.equal(statusOf(one), 'active');
  // Only the caller whose read it was: the upstream may have answered with the id that this caller chose.
  assert.deepEqual(
    found.map((one) => one?.requestId),
    ['upstream-5', `upstream-${b}`, `upstream-${c}`],
  );
  assert.equal(reads.length, 1);
  assert.equal(poller.waiting, 0);
});

test('an upstream that answers with Retry-After is not polled again during a wait', async () => {
  const { reads, poller } = heldReads();
  const wait = begin(poller, a, 3500);
  await until('a look', () => reads.length === 1);
  reads[0]?.reject(new GatewayError('preflight-failed', { headers: { 'Retry-After': '20' } }));
  assert.deepEqual(await wait, seen(a));
  assert.equal(reads.length, 1);
});

test('when all stop, who waits is given what was seen, and nobody can enter any more', async () => {
  const { reads, poller } = heldReads();
  const wait = begin(poller, a);
  await until('a look that hangs', () => reads.length === 1);
  poller.stop();
  assert.deepEqual(await wait, seen(a));
  assert.equal(poller.enter(performance.now() + 1000), undefined);
});
