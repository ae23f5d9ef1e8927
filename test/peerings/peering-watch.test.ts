// Looks that callers share: never one that began before a caller's own, which may not know of its peering yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '../../src/operations/create-peering/preflight.ts';
import { PeeringWatch, type Seen } from '../../src/operations/get-peering/peering-poller.ts';
import { until } from '../support/until.ts';

/** An upstream whose every answer the test gives. */
function heldLooks() {
  const looks: PromiseWithResolvers<Look>[] = [];
  const preflight = {
    look: () => {
      const held = Promise.withResolvers<Look>();
      looks.push(held);
      return held.promise;
    },
  };
  return { looks, watch: new PeeringWatch(preflight) };
}

const wanted = (peeringId: string) => ({ clusterId: 'cluster', peeringId, requestId: 'one' });
const seen = (id: string): Seen => ({ peering: { id, status: 'provisioning' }, resting: false });
const active = (...ids: string[]): Look => ({ peerings: ids.map((id) => ({ id, status: 'active' })) });

const statusOf = (found: Seen) => (found.refused === undefined ? found.peering?.status : 'refused');

function begin(watch: PeeringWatch, id: string, waitMs = 60_000): Promise<Seen> {
  const place = watch.enter(performance.now() + waitMs);
  assert.ok(place !== undefined);
  return watch.wait(wanted(id), seen(id), place).finally(place.leave);
}

test('a look that began before a caller had seen its peering is not shared with it', async () => {
  const { looks, watch } = heldLooks();
  const early = begin(watch, 'early');
  await until('its look', () => looks.length === 1);
  // Made, and seen by its caller, after that look had begun.
  const late = begin(watch, 'late');
  await until('a look of its own', () => looks.length === 2);
  looks[0]?.resolve(active('early'));
  looks[1]?.resolve(active('early', 'late'));
  for (const found of await Promise.all([early, late])) assert.equal(statusOf(found), 'active');
});

test('a look that began later is shared by all who waited for it', async () => {
  const { looks, watch } = heldLooks();
  const waits = ['a', 'b', 'c'].map((id) => begin(watch, id));
  assert.equal(watch.waiting, 3);
  await until('a look', () => looks.length === 1);
  looks[0]?.resolve(active('a', 'b', 'c'));
  for (const found of await Promise.all(waits)) assert.equal(statusOf(found), 'active');
  assert.equal(looks.length, 1);
  assert.equal(watch.waiting, 0);
});

test('an upstream that asks for time is not asked again within a wait', async () => {
  const { looks, watch } = heldLooks();
  const wait = begin(watch, 'a', 3500);
  await until('a look', () => looks.length === 1);
  looks[0]?.reject(new GatewayError('preflight-impossible', { headers: { 'Retry-After': '20' } }));
  assert.deepEqual(await wait, seen('a'));
  assert.equal(looks.length, 1);
});

test('when all stop, who waits is given what was seen, and nobody can enter any more', async () => {
  const { looks, watch } = heldLooks();
  const wait = begin(watch, 'a');
  await until('a look that hangs', () => looks.length === 1);
  watch.stop();
  assert.deepEqual(await wait, seen('a'));
  assert.equal(watch.enter(performance.now() + 1000), undefined);
});
