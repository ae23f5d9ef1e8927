// With Redis a key means the same to every instance: one create, one answer, one doubt. What Redis holds names nobody, and
// ends with its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRedis, startRedis } from '../../state/redis-server.ts';
import { until } from '../../support/until.ts';
import {
  allowed,
  assertRefused,
  assertReplay,
  assertReplayed,
  breakCreates,
  createNumber,
  createWith,
  holdCreates,
  json,
  posts,
  recorded,
  startGuarded,
  startTwoGuarded,
} from './watched-creates.ts';

const reused = { status: 422, type: 'validation:failed', code: 'idempotency-key-reused' } as const;
const running = { status: 409, type: 'validation:failed', code: 'idempotency-key-running' } as const;

test('what one instance answered the other gives again, byte for byte, and another request gets 422 there', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  const first = await createWith(one, 'order-17');
  assertReplay(other, await createWith(other, 'order-17'), first);
  assertRefused(other, await createWith(other, 'order-17', createNumber(1)), reused);
  assert.equal(posts(cloud), 1);
  assert.deepEqual(recorded(other), ['outcome replayed', 'refused idempotency-key-reused']);
});

test('while the first runs on one instance the other says 409, and for another request 422', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  const held = holdCreates(cloud);
  const first = createWith(one, 'order-17');
  await held.arrived(1);
  const reply = await createWith(other, 'order-17');
  assertRefused(other, reply, running);
  assert.match(String(reply.headers['retry-after']), /^[1-9]\d*$/);
  assertRefused(other, await createWith(other, 'order-17', createNumber(1)), reused);
  held.release();
  assertReplay(
    other,
    await createWith(other, 'order-17').then(() => createWith(other, 'order-17')),
    await first,
  );
  assert.equal(posts(cloud), 1);
});

test('a thousand calls with one key at once on two instances are one create', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url, MAX_IN_FLIGHT: '1000' });
  const held = holdCreates(cloud);
  let refused = 0;
  const replies = Array.from({ length: 1000 }, async (_, number) => {
    const reply = await createWith(instances[number % 2] ?? instances[0], 'order-17');
    refused += reply.status === 409 ? 1 : 0;
    return reply.status;
  });
  await until('all others are refused', () => refused === 999, 45_000);
  held.release();
  const statuses = await Promise.all(replies);
  assert.equal(statuses.filter((status) => status === 201).length, 1);
  assert.equal(posts(cloud), 1);
});

test('a create that was lost on one instance is found by the other, and both give it from then on', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  breakCreates(cloud, (request) => void request.socket.destroy(), { made: true });
  const first = await createWith(one, 'order-17');
  assert.equal(first.status, 502);
  cloud.setFault(undefined);
  const second = await createWith(other, 'order-17');
  assert.equal(second.status, 201);
  assertReplayed(other, second, String(first.headers['x-gateway-request-id']));
  const third = await createWith(one, 'order-17');
  assert.equal(third.text, second.text);
  assertReplayed(one, third, String(first.headers['x-gateway-request-id']));
  assert.equal(posts(cloud), 1);
});

test('a create that came to nothing on one instance is made by the other', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  breakCreates(cloud, json(500, {}), { made: false });
  await createWith(one, 'order-17');
  cloud.setFault(undefined);
  const second = await createWith(other, 'order-17');
  assert.equal(second.status, 201);
  assertReplay(one, await createWith(one, 'order-17'), second);
  assert.equal(posts(cloud), 2);
});

test('what Redis holds ends with its time, and names neither key nor caller', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url, IDEMPOTENCY_TTL_SECONDS: '100' });
  await createWith(gateway, 'order-17');
  const [key, ...more] = (await redis.command('KEYS', 'peergate:idempotency:*')) as string[];
  assert.deepEqual(more, []);
  assert.match(String(key), /^peergate:idempotency:[0-9a-f]{64}$/);
  const left = Number(await redis.command('PTTL', String(key)));
  assert.ok(left > 90_000 && left <= 100_000, `${left}`);
  const held = JSON.stringify(await redis.command('HGETALL', String(key)));
  assert.doesNotMatch(held, new RegExp(`order-17|svc-payments|${allowed.vpcId}|Bearer`));
});

test('a key is not forgotten while its create runs, however short its time is', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url, IDEMPOTENCY_TTL_SECONDS: '1' });
  const held = holdCreates(gateway.cloud);
  const first = createWith(gateway, 'order-17');
  await held.arrived(1);
  const [key = ''] = (await redis.command('KEYS', 'peergate:idempotency:*')) as string[];
  const leftOf = async () => Number(await redis.command('PTTL', key));
  const before = await leftOf();
  assert.ok(before > 5000 && before <= 11_000, `${before}`);
  let last = before;
  await until('it is renewed', async () => {
    const left = await leftOf();
    const renewed = left > last;
    last = left;
    return renewed;
  });
  assertRefused(gateway, await createWith(gateway, 'order-17'), running);
  held.release();
  assert.equal((await first).status, 201);
  assert.ok((await leftOf()) <= 1000);
});

test('a key that was taken from a holder is not used by it any more: nothing is sent', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  const held = holdCreates(cloud);
  const before = other.create(createNumber(1));
  await held.arrived(1);
  const waiting = createWith(one, 'order-17');
  await until('the key is held', async () => (await redis.calls('hset')) > 0);
  const [key = ''] = (await redis.command('KEYS', 'peergate:idempotency:*')) as string[];
  // As when the lease had lapsed, and another instance had the key by now.
  await redis.command('HSET', key, 'owner', 'another instance');
  const renewals = await redis.calls('hget');
  await until('it has tried to renew its lease', async () => (await redis.calls('hget')) > renewals);
  held.release();
  assert.equal((await before).status, 201);
  const reply = await waiting;
  assertRefused(one, reply, { status: 503, type: 'system:unavailable', code: 'idempotency-unavailable' });
  assert.deepEqual(reply.json.context, { sent: 'no' });
  assert.equal(posts(cloud), 1);
  assert.equal(await redis.command('HGET', key, 'owner'), 'another instance');
});
