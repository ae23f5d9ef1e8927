// The store of keys in memory keeps its promise for as long as it said and no longer, is held by nobody but the holder, and
// refuses rather than grows without bound or forgets too early.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { AnswerParts } from '../../../src/net/passable-answer.ts';
import type { IdempotencyStore, KeyUse } from '../../../src/state/idempotency/idempotency-store.ts';
import {
  MemoryIdempotency,
  type MemoryIdempotencyOptions,
} from '../../../src/state/idempotency/memory-idempotency-store.ts';

const ttlMs = 1000;
const use = (key: string, fingerprint = 'same'): KeyUse => ({ key, fingerprint, owner: randomUUID() });
const answer = (size = 2): AnswerParts => ({
  status: 201,
  headers: {},
  body: Buffer.alloc(size, '{'),
  requestId: undefined,
});

function storeAt(options: Partial<MemoryIdempotencyOptions> = {}) {
  const clock = { now: 0 };
  return { clock, store: new MemoryIdempotency({ ttlMs, now: () => clock.now, ...options }) };
}

const stateOf = (store: IdempotencyStore, asked: KeyUse) =>
  (store.acquire(asked) as { readonly state: string }).state;

test('an answer is kept for its time to the millisecond, from when it was given', () => {
  const { store, clock } = storeAt();
  const first = use('a');
  assert.deepEqual(store.acquire(first), { state: 'acquired' });
  clock.now = 5000;
  store.complete(first, answer(), first.owner);
  clock.now = 5999;
  assert.deepEqual(store.acquire(use('a')), { state: 'answered', answer: answer(), creator: first.owner });
  clock.now = 6000;
  assert.equal(stateOf(store, use('a', 'another')), 'acquired');
});

test('a doubt is kept for its time, too, and what runs is kept for as long as it runs', () => {
  const { store, clock } = storeAt();
  const [doubtful, running] = [use('a'), use('b')];
  store.acquire(doubtful);
  store.acquire(running);
  store.markIndeterminate(doubtful);
  clock.now = ttlMs - 1;
  assert.equal(stateOf(store, use('a', 'another')), 'another-request');
  clock.now = 100 * ttlMs;
  assert.equal(stateOf(store, use('a', 'another')), 'acquired');
  assert.equal(stateOf(store, use('b')), 'running');
  assert.equal(stateOf(store, use('b', 'another')), 'another-request');
  assert.ok(store.holds(running));
});

test('a key in doubt names those who may have been carried out, and one more when it is sent again', () => {
  const { store } = storeAt();
  const [first, second, third] = [use('a'), use('a'), use('a')];
  store.acquire(first);
  store.markIndeterminate(first);
  assert.deepEqual(store.acquire(second), { state: 'acquired-indeterminate', requests: [first.owner] });
  store.markIndeterminate(second);
  assert.deepEqual(store.acquire(second), { state: 'acquired-indeterminate', requests: [first.owner] });
  store.resume(second);
  store.markIndeterminate(second);
  assert.deepEqual(store.acquire(third), {
    state: 'acquired-indeterminate',
    requests: [second.owner, first.owner],
  });
});

test('however often it is sent again, no more than twenty are named', () => {
  const { store } = storeAt();
  const first = use('a');
  store.acquire(first);
  store.markIndeterminate(first);
  for (let round = 0; round < 50; round += 1) {
    const again = use('a');
    store.acquire(again);
    store.resume(again);
    store.markIndeterminate(again);
  }
  const begun = store.acquire(use('a'));
  assert.ok(begun.state === 'acquired-indeterminate');
  assert.equal(begun.requests.length, 20);
});

test('nobody but its holder can end a key, and its holder only once', () => {
  const { store } = storeAt();
  const [holder, stranger] = [use('a'), use('a')];
  store.acquire(holder);
  store.release(stranger);
  store.markIndeterminate(stranger);
  store.resume(stranger);
  store.complete(stranger, answer(), stranger.owner);
  assert.ok(!store.holds(stranger));
  assert.equal(stateOf(store, use('a')), 'running');
  store.complete(holder, answer(), holder.owner);
  store.release(holder);
  store.markIndeterminate(holder);
  assert.ok(!store.holds(holder));
  assert.equal(stateOf(store, use('a')), 'answered');
});

test('a full store refuses new keys, goes on with the ones it has, and has room again when their time is over', () => {
  const { store, clock } = storeAt({ maxEntries: 3 });
  const uses = ['a', 'b', 'c'].map((key) => use(key));
  for (const one of uses) store.acquire(one);
  const full = {
    code: 'idempotency-unavailable',
    context: { sent: 'no' },
    headers: { 'Retry-After': '60' },
    cause: new Error('the store for idempotency keys is full'),
  };
  assert.throws(() => store.acquire(use('d')), full);
  for (const one of uses) store.complete(one, answer(), one.owner);
  assert.throws(() => store.acquire(use('d')), full);
  assert.equal(stateOf(store, use('b')), 'answered');
  clock.now = ttlMs;
  assert.equal(stateOf(store, use('d')), 'acquired');
});

test('stored bodies are bounded all together, and what is freed or over counts no more', () => {
  const { store, clock } = storeAt({ maxBytes: 1000 });
  const [large, small] = [use('a'), use('b')];
  store.acquire(large);
  store.acquire(small);
  store.complete(large, answer(999), large.owner);
  assert.equal(stateOf(store, use('c')), 'acquired');
  store.complete(small, answer(1), small.owner);
  assert.throws(() => store.acquire(use('d')), { code: 'idempotency-unavailable' });
  clock.now = ttlMs;
  for (let round = 0; round < 10; round += 1) {
    const again = use('a');
    assert.equal(stateOf(store, again), 'acquired');
    store.complete(again, answer(900), again.owner);
    clock.now += ttlMs;
  }
});

test('a key that was released is unused again, and one that nobody holds can be ended by nobody', () => {
  const { store } = storeAt();
  const holder = use('a');
  store.acquire(holder);
  store.release(holder);
  assert.ok(!store.holds(holder));
  for (const end of [() => store.release(holder), () => store.markIndeterminate(holder)]) end();
  assert.deepEqual(store.acquire(use('a', 'another')), { state: 'acquired' });
});

test('a key that was answered late expires late, and keeps none that expires before it', () => {
  const { store, clock } = storeAt();
  const [late, early] = [use('late'), use('early')];
  store.acquire(late);
  store.acquire(early);
  clock.now = 1;
  store.complete(early, answer(), early.owner);
  clock.now = 5;
  store.complete(late, answer(), late.owner);
  clock.now = 1 + ttlMs;
  assert.equal(stateOf(store, use('early', 'another')), 'acquired');
  assert.equal(stateOf(store, use('late')), 'answered');
});

test('without other bounds a store takes 64 MiB of bodies', () => {
  const { store } = storeAt();
  const [large, small] = [use('a'), use('b')];
  store.acquire(large);
  store.acquire(small);
  store.complete(large, answer(64 * 1024 * 1024 - 1), large.owner);
  assert.equal(stateOf(store, use('c')), 'acquired');
  store.complete(small, answer(1), small.owner);
  assert.throws(() => store.acquire(use('d')), { code: 'idempotency-unavailable' });
});
