// The store of keys in Redis, on a real Redis: what instances see of each other's keys, how long a lease counts, and that
// nothing malformed comes out of Redis. Time is the test's, except that of Redis.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { noRedis, startRedis, type TestRedis } from '../redis-server.ts';
import { answer, holdTime, instanceOn, leaseMs, ttlMs, use } from './redis-instance.ts';

const nameOf = (key: string) => `peergate:idempotency:${key}`;
const fieldOf = (redis: TestRedis, key: string, field: string) => redis.command('HGET', nameOf(key), field);
const expireLease = (redis: TestRedis, key: string) => redis.command('HSET', nameOf(key), 'lease', '1');

const guarantees: Readonly<Record<string, (t: TestContext, redis: TestRedis) => Promise<void>>> = {
  'a key is held by the first that asks, and by nobody else on any instance': async (t, redis) => {
    const [one, other] = [instanceOn(t, redis).store, instanceOn(t, redis).store];
    const holder = use('held');
    assert.deepEqual(await one.acquire(holder), { state: 'acquired' });
    assert.ok(one.holds(holder));
    for (const store of [one, other]) {
      const second = use('held');
      assert.deepEqual(await store.acquire(second), { state: 'running' });
      assert.deepEqual(await store.acquire(use('held', 'another')), { state: 'another-request' });
      assert.ok(!store.holds(second));
    }
    assert.deepEqual(await other.acquire(use('another')), { state: 'acquired' });
  },

  'a key that was released is unused again': async (t, redis) => {
    const { store } = instanceOn(t, redis);
    const first = use('released');
    await store.acquire(first);
    await store.release(first);
    assert.ok(!store.holds(first));
    assert.deepEqual(await store.acquire(use('released', 'another')), { state: 'acquired' });
  },

  'an answer is replayed as it was stored, on every instance, to the same request only': async (t, redis) => {
    const [one, other] = [instanceOn(t, redis).store, instanceOn(t, redis).store];
    for (const [key, stored] of Object.entries({
      answered: answer,
      bare: { status: 204, headers: {}, body: Buffer.alloc(0), requestId: undefined },
      refused: {
        ...answer,
        status: 499,
        headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '7' },
      },
    })) {
      const first = use(key);
      const creator = randomUUID();
      await one.acquire(first);
      await one.complete(first, stored, creator);
      assert.ok(!one.holds(first));
      assert.deepEqual(await other.acquire(use(key)), { state: 'answered', creator, answer: stored });
      assert.deepEqual(await other.acquire(use(key, 'another')), { state: 'another-request' });
    }
  },

  'a key in doubt names those who may have been carried out, the newest first': async (t, redis) => {
    const [one, other] = [instanceOn(t, redis).store, instanceOn(t, redis).store];
    const [first, second, third] = [use('doubt'), use('doubt'), use('doubt')];
    await one.acquire(first);
    await one.markIndeterminate(first);
    assert.ok(!one.holds(first));
    assert.equal(await fieldOf(redis, 'doubt', 'state'), 'indeterminate');
    const doubted = { state: 'acquired-indeterminate', requests: [first.owner] };
    assert.deepEqual(await other.acquire(second), doubted);
    assert.ok(other.holds(second));
    assert.deepEqual(await one.acquire(use('doubt')), { state: 'running' });
    await other.markIndeterminate(second);
    assert.deepEqual(await other.acquire(second), doubted);
    await other.resume(second);
    assert.ok(other.holds(second));
    assert.equal(await fieldOf(redis, 'doubt', 'requests'), `${second.owner} ${first.owner}`);
    await other.markIndeterminate(second);
    assert.deepEqual(await one.acquire(third), {
      state: 'acquired-indeterminate',
      requests: [second.owner, first.owner],
    });
  },

  'a lease that expired makes the key doubtful, and its former holder can neither end nor renew it': async (
    t,
    redis,
  ) => {
    const [one, other] = [instanceOn(t, redis).store, instanceOn(t, redis).store];
    const [former, next] = [use('expired'), use('expired')];
    await one.acquire(former);
    await expireLease(redis, 'expired');
    assert.deepEqual(await other.acquire(next), {
      state: 'acquired-indeterminate',
      requests: [former.owner],
    });
    await one.resume(former);
    assert.ok(!one.holds(former));
    assert.equal(await fieldOf(redis, 'expired', 'requests'), former.owner);
    for (const end of [
      one.release(former),
      one.markIndeterminate(former),
      one.complete(former, answer, former.owner),
    ])
      await end;
    assert.deepEqual(await one.acquire(use('expired')), { state: 'running' });
    assert.equal(await fieldOf(redis, 'expired', 'owner'), next.owner);
    await other.complete(next, answer, next.owner);
    await one.complete(former, answer, former.owner);
    assert.equal(await fieldOf(redis, 'expired', 'first'), next.owner);
  },

  'a holder goes by its own clock: its lease ends ten seconds after it asked': async (t, redis) => {
    const { clock } = holdTime(t);
    const { store } = instanceOn(t, {
      command: async (...words) => {
        const reply = await redis.command(...words);
        // The lease counts from when Redis was asked, not from when it answered.
        clock.now += 1000;
        return reply;
      },
    });
    const holder = use('clock');
    assert.ok(!store.holds(holder));
    await store.acquire(holder);
    store.stop();
    assert.ok(!store.holds(holder));
    const second = use('clock-2');
    await store.acquire(second);
    assert.ok(store.holds(second));
    clock.now += leaseMs - 1001;
    assert.ok(store.holds(second));
    clock.now += 1;
    assert.ok(!store.holds(second));
  },

  'leases are renewed every three seconds for as long as a key is held, and not after': async (t, redis) => {
    const { pass } = holdTime(t);
    const { store, commands } = instanceOn(t, redis);
    const [one, other] = [use('renewed'), use('renewed-2')];
    await store.acquire(one);
    await store.acquire(other);
    const settle = async (count: number) => {
      while (commands.count < count) await new Promise((resolve) => setImmediate(resolve));
      // The replies, too.
      await redis.command('PING');
    };
    await expireLease(redis, 'renewed');
    pass(2999);
    assert.equal(commands.count, 2);
    pass(1);
    await settle(4);
    assert.ok(Number(await fieldOf(redis, 'renewed', 'lease')) > Date.now());
    assert.equal(await fieldOf(redis, 'renewed', 'requests'), one.owner);
    await store.release(one);
    pass(3000);
    await settle(6);
    await store.release(other);
    pass(leaseMs);
    assert.equal(commands.count, 7);
    await store.acquire(one);
    pass(3000);
    await settle(9);
    store.stop();
    pass(leaseMs);
    assert.equal(commands.count, 9);
  },

  'a holder that Redis no longer knows learns it at the next renewal, and its result is stored all the same':
    async (t, redis) => {
      const { store } = instanceOn(t, redis);
      const [lost, doubtful, dropped] = [use('lost'), use('lost-2'), use('lost-3')];
      for (const one of [lost, doubtful, dropped]) await store.acquire(one);
      for (const { key } of [lost, doubtful, dropped]) await redis.command('DEL', nameOf(key));
      await store.resume(lost);
      assert.ok(!store.holds(lost));
      await store.complete(lost, answer, lost.owner);
      assert.deepEqual(await store.acquire(use('lost')), { state: 'answered', creator: lost.owner, answer });
      await store.markIndeterminate(doubtful);
      assert.deepEqual(await store.acquire(use('lost-2')), {
        state: 'acquired-indeterminate',
        requests: [doubtful.owner],
      });
      await store.release(dropped);
      assert.deepEqual(await store.acquire(use('lost-3')), { state: 'acquired' });
      await store.resume(use('never-held'));
      assert.equal(await redis.command('EXISTS', nameOf('never-held')), 0);
    },

  'what was held when the instance stopped can still be ended, by its own name': async (t, redis) => {
    const { store } = instanceOn(t, redis);
    const holder = use('stopped');
    await store.acquire(holder);
    store.stop();
    await store.markIndeterminate(holder);
    assert.deepEqual(await store.acquire(use('stopped')), {
      state: 'acquired-indeterminate',
      requests: [holder.owner],
    });
  },

  'Redis forgets a key after its time to live: from its end, and while it runs from its last renewal on':
    async (t, redis) => {
      const { store } = instanceOn(t, redis);
      const leftOf = async (key: string) => Number(await redis.command('PTTL', nameOf(key)));
      const [running, ended, doubtful] = [use('ttl'), use('ttl-2'), use('ttl-3')];
      for (const one of [running, ended, doubtful]) await store.acquire(one);
      for (const renew of [async () => undefined, () => store.resume(running)]) {
        await renew();
        const left = await leftOf('ttl');
        assert.ok(left > ttlMs && left <= ttlMs + leaseMs, String(left));
        await redis.command('PEXPIRE', nameOf('ttl'), '1000');
      }
      await store.complete(ended, answer, ended.owner);
      await store.markIndeterminate(doubtful);
      for (const key of ['ttl-2', 'ttl-3']) {
        const left = await leftOf(key);
        assert.ok(left > ttlMs - leaseMs && left <= ttlMs, String(left));
      }
    },
};

test('with a real Redis', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  for (const [what, check] of Object.entries(guarantees)) await t.test(what, (each) => check(each, redis));
});
