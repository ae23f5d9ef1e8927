// Redis that is down, hangs or comes back: each instance limits by itself meanwhile, nobody waits for it twice, and no
// instance has to be started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, allowedNumber } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { noRedis, startRedis, type TestRedis } from './redis-server.ts';
import { assertLeft, list, remaining, said, startTwo, upAgain } from './shared-gateways.ts';

const limit3 = (redis: TestRedis) => ({ REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '3' });

test('when Redis is gone each instance limits by itself and says so once; when it is back, empty, they count together', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await startTwo(t, limit3(redis));
  await assertLeft(one, 3);
  await redis.kill();
  await assertLeft(one, 3);
  await assertLeft(other, 3);
  for (const gateway of [one, other]) assert.equal(said(gateway, 'Redis is down').length, 1);
  await redis.start();
  await upAgain([one, other]);
  assert.equal(remaining(await list(one)), 2);
  assert.equal(remaining(await list(other)), 1);
  for (const gateway of [one, other]) assert.equal(said(gateway, 'Redis is down').length, 1);
});

test('when Redis hangs one request finds out, and no other waits for it; when it goes on they count together', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await startTwo(t, limit3(redis));
  await list(one);
  const asked = await redis.calls('evalsha');
  redis.freeze();
  t.after(() => redis.thaw());
  await assertLeft(one, 3);
  for (let count = 0; count < 20; count += 1) assert.equal((await list(one)).status, 429);
  assert.equal((await one.call({ path: '/openapi.json' })).status, 200);
  assert.equal(said(one, 'Redis is down').length, 1);
  assert.equal(said(other, 'Redis is down').length, 0, 'it has not asked yet');
  redis.thaw();
  await upAgain([one]);
  // The command that was given up lay in the socket, and is carried out now.
  assert.equal((await redis.calls('evalsha')) - asked, 1);
  assert.equal(remaining(await list(one)), 1);
  assert.equal(remaining(await list(other)), 0);
});

test('many requests that meet a Redis that hangs are all served, and it is said once', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [gateway] = await startTwo(t, { REDIS_URL: redis.url });
  await list(gateway);
  redis.freeze();
  t.after(() => redis.thaw());
  const replies = await Promise.all(Array.from({ length: 50 }, () => list(gateway)));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
  assert.equal(said(gateway, 'Redis is down').length, 1);
});

test('a gateway starts while Redis is down, limits by itself, and finds Redis when it comes', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t, { down: true });
  const [one, other] = await startTwo(t, limit3(redis));
  for (const gateway of [one, other]) {
    assert.equal(said(gateway, 'Redis is down').length, 1);
    await assertLeft(gateway, 3);
  }
  await redis.start();
  await upAgain([one, other], 1);
  assert.equal(remaining(await list(one)), 2);
  assert.equal(remaining(await list(other)), 1);
});

test('a gateway starts while Redis hangs, and finds it when it goes on', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  redis.freeze();
  t.after(() => redis.thaw());
  const [one] = await startTwo(t, limit3(redis));
  assert.equal(said(one, 'Redis is down').length, 1);
  await assertLeft(one, 3);
  redis.thaw();
  await upAgain([one], 1);
  assert.equal(remaining(await list(one)), 2);
});

test('while Redis is down a create with an Idempotency-Key gets 503 and is not sent; without one it is served', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [gateway] = await startTwo(t, { REDIS_URL: redis.url });
  await redis.kill();
  const refused = await gateway.create(allowed, { 'idempotency-key': 'order-17' });
  assert.equal(refused.status, 503);
  assert.equal(refused.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/);
  assert.equal(gateway.cloud.connections, 0);
  assert.deepEqual(
    gateway.records.map(({ metadata, status_code }) => [metadata.event_code, status_code]),
    [['peering.create.refused', 'idempotency-unavailable']],
  );
  assert.equal((await gateway.create(allowedNumber(1))).status, 201);
  await redis.start();
  await until(
    'the key is served',
    async () => (await gateway.create(allowed, { 'idempotency-key': 'order-17' })).status === 201,
  );
});
