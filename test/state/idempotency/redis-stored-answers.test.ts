// What the store of keys in Redis makes of a Redis that fails, or says what no gateway wrote: no key is held by it, and no
// answer reaches a caller.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { RedisCommands } from '../../../src/state/redis-connection.ts';
import { answer, holdTime, instanceOn, leaseMs, unavailable, use } from './redis-instance.ts';

/** A Redis that gives this reply to everything. */
const replying = (reply: unknown): RedisCommands => ({ command: async () => reply });

test('without Redis no key is acquired, resumed or ended, and the log says why', async (t) => {
  const down = Object.assign(new Error('secret'), { code: 'ECONNREFUSED' });
  const reply = { now: (): Promise<unknown> => Promise.resolve(['acquired']) };
  const { store, warnings } = instanceOn(t, { command: () => reply.now() });
  const [held, second, third] = [use('a'), use('b'), use('c')];
  for (const one of [held, second, third]) await store.acquire(one);
  reply.now = () => Promise.reject(down);
  await assert.rejects(store.acquire(use('d')), { ...unavailable, cause: down });
  await assert.rejects(store.resume(held), unavailable);
  await assert.rejects(store.release(held), unavailable);
  await assert.rejects(store.markIndeterminate(second), unavailable);
  await assert.rejects(store.complete(third, answer, third.owner), unavailable);
  assert.deepEqual(warnings, Array(5).fill([{ cause: 'ECONNREFUSED' }, 'idempotency keys are unavailable']));
});

test('a renewal that fails is no unhandled error, and the lease ends by itself', async (t) => {
  const { pass } = holdTime(t);
  const reply = { now: (): Promise<unknown> => Promise.resolve(['acquired']) };
  const { store } = instanceOn(t, { command: () => reply.now() });
  const held = use('a');
  await store.acquire(held);
  reply.now = () => Promise.reject(new Error('down'));
  pass(3000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(store.holds(held));
  pass(leaseMs - 3000);
  assert.ok(!store.holds(held));
});

test('request ids that no gateway wrote are refused, and the key is not held', async (t) => {
  const id = randomUUID();
  const replies = [
    ['acquired-indeterminate', ''],
    ['acquired-indeterminate', `${id} `],
    ['acquired-indeterminate', `${id} x`],
    ['acquired-indeterminate'],
    ['answered', 'x', '{}'],
    ['answered'],
  ];
  for (const reply of replies) {
    const { store } = instanceOn(t, replying(reply));
    const asked = use('a');
    await assert.rejects(
      store.acquire(asked),
      { ...unavailable, cause: new Error('the stored request ids are malformed') },
      JSON.stringify(reply),
    );
    assert.ok(!store.holds(asked));
  }
});

const stored = {
  status: 201,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from('{}').toString('base64'),
};
const malformed: Readonly<Record<string, unknown>> = {
  'a status below 200': { ...stored, status: 199 },
  'a redirect': { ...stored, status: 302 },
  'a failure of the upstream': { ...stored, status: 500 },
  'a status that is no whole number': { ...stored, status: 201.5 },
  'another header': { ...stored, headers: { ...stored.headers, 'Set-Cookie': 'a' } },
  'a header value that splits the answer': { ...stored, headers: { ...stored.headers, Location: 'a\r\nb' } },
  'a body that is no base64': { ...stored, body: '*' },
  'a body that is not JSON': { ...stored, body: 'eA==' },
  'another media type': { ...stored, headers: { 'Content-Type': 'text/html' } },
  'a request id that is none': { ...stored, requestId: 'a b' },
  'another member': { ...stored, more: 1 },
  'no body': { status: 201, headers: {} },
  nothing: null,
};

for (const [what, value] of Object.entries(malformed)) {
  test(`a stored answer with ${what} reaches no caller`, async (t) => {
    const { store, warnings } = instanceOn(t, replying(['answered', randomUUID(), JSON.stringify(value)]));
    await assert.rejects(store.acquire(use('a')), unavailable);
    assert.equal(warnings.length, 1);
  });
}

test('a stored answer that is missing or no JSON reaches no caller', async (t) => {
  for (const reply of [
    ['answered', randomUUID()],
    ['answered', randomUUID(), '{'],
  ]) {
    const { store } = instanceOn(t, replying(reply));
    await assert.rejects(store.acquire(use('a')), unavailable);
  }
});

test('the cause of an answer that was kept back is that it must not reach a caller', async (t) => {
  const html = JSON.stringify({ ...stored, headers: { 'Content-Type': 'text/html' } });
  const { store } = instanceOn(t, replying(['answered', randomUUID(), html]));
  const cause = new Error('the stored answer must not reach a caller');
  await assert.rejects(store.acquire(use('a')), { ...unavailable, cause });
});
