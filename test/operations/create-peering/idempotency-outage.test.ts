// Redis that is gone, hangs, or has forgotten everything: what a key promises is kept or not promised. A request with a key
// gets 503 and nothing is forwarded; the others are served, and no instance has to be started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRedis, startRedis, type TestRedis } from '../../state/redis-server.ts';
import { until } from '../../support/until.ts';
import {
  allowed,
  assertRefused,
  assertReplay,
  createNumber,
  createWith,
  holdCreates,
  posts,
  recorded,
  startGuarded,
} from './watched-creates.ts';

const unavailable = {
  status: 503,
  type: 'system:unavailable',
  code: 'idempotency-unavailable',
} as const;

const outages = [
  ['is gone', (redis: TestRedis) => redis.kill(), (redis: TestRedis) => redis.start()],
  ['hangs', async (redis: TestRedis) => redis.freeze(), async (redis: TestRedis) => redis.thaw()],
] as const;

for (const [what, spoil, mend] of outages) {
  test(`while Redis ${what} a request with a key gets 503 and is not sent, the others are served, and it comes back`, {
    skip: noRedis,
  }, async (t) => {
    const redis = await startRedis(t);
    t.after(() => redis.thaw());
    const gateway = await startGuarded(t, { REDIS_URL: redis.url });
    await spoil(redis);
    for (let round = 0; round < 3; round += 1) {
      const reply = await createWith(gateway, 'order-17');
      assertRefused(gateway, reply, unavailable);
      assert.match(String(reply.headers['retry-after']), /^[1-9]\d*$/);
      assert.deepEqual(reply.json.context, { sent: 'no' });
    }
    assert.equal(gateway.cloud.connections, 0);
    assert.equal((await gateway.create(createNumber(1))).status, 201);
    assert.equal((await createWith(gateway, 'order-17', { ...allowed, region: 'eu-north-1' })).status, 403);
    await mend(redis);
    let first = await createWith(gateway, 'order-17');
    // A command that was given up may have taken the key; then it is in doubt when its lease has ended.
    await until(
      'the key is served',
      async () => {
        if (first.status !== 201) first = await createWith(gateway, 'order-17');
        return first.status === 201;
      },
      30_000,
    );
    assertReplay(gateway, await createWith(gateway, 'order-17'), first);
    assert.equal(posts(gateway.cloud), 2);
  });

  test(`when Redis ${what} while a create is on its way, its caller gets the answer, and the next one finds it`, {
    skip: noRedis,
  }, async (t) => {
    const redis = await startRedis(t);
    t.after(() => redis.thaw());
    const gateway = await startGuarded(t, { REDIS_URL: redis.url });
    const held = holdCreates(gateway.cloud);
    const first = createWith(gateway, 'order-17');
    await held.arrived(1);
    await spoil(redis);
    held.release();
    const answer = await first;
    assert.equal(answer.status, 201);
    assertRefused(gateway, await createWith(gateway, 'order-17'), unavailable);
    await mend(redis);
    let again = await createWith(gateway, 'order-17');
    await until(
      'the key is served',
      async () => {
        if (again.status === 503 || again.json.title === 'Validation Error')
          again = await createWith(gateway, 'order-17');
        return again.status !== 503 && again.json.title !== 'Validation Error';
      },
      30_000,
    );
    assert.equal(posts(gateway.cloud), 1);
    if (what === 'hangs') {
      assert.equal(again.status, 201);
      assert.equal(again.json.id, answer.json.id);
      assert.equal(again.headers['idempotency-replayed'], 'true');
    } else {
      // Redis has forgotten the key, but the look still finds the peering.
      assert.equal(again.status, 409);
      assert.equal(again.json.context.id, answer.json.id);
    }
  });
}

test('a Redis that was started again, empty, while a create was on its way learns its answer', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  const held = holdCreates(gateway.cloud);
  const first = createWith(gateway, 'order-17');
  await held.arrived(1);
  await redis.kill();
  await redis.start();
  await until(
    'it is found again',
    () => gateway.logs.filter(({ msg }) => msg === 'Redis is up').length === 2,
  );
  held.release();
  const answer = await first;
  assert.equal(answer.status, 201);
  assertReplay(gateway, await createWith(gateway, 'order-17'), answer);
  assert.equal(posts(gateway.cloud), 1);
});

test('when Redis was started again, empty, a key is as good as new', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  await createWith(gateway, 'order-17');
  await redis.command('FLUSHALL');
  const reply = await createWith(gateway, 'order-17', createNumber(1));
  assert.equal(reply.status, 201);
  assert.equal(reply.headers['idempotency-replayed'], undefined);
  assert.deepEqual(recorded(gateway), [
    ...['intent', 'outcome upstream-answered'],
    ...['intent', 'outcome upstream-answered'],
  ]);
});

test('a Redis that refuses to write keeps no promise: 503, and nothing is sent', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  assertRefused(gateway, await createWith(gateway, 'order-17'), unavailable);
  assert.equal(gateway.cloud.connections, 0);
  assert.equal((await gateway.create(createNumber(1))).status, 201);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  assert.equal((await createWith(gateway, 'order-17')).status, 201);
});
