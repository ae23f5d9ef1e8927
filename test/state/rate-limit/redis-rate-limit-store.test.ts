// Rate limits in Redis: instances count together, and leave nothing behind that names anybody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRedis, startRedis } from '../redis-server.ts';
import { assertLeft, list, remaining, said, startTwo } from '../shared-gateways.ts';

test('two instances count a caller together, and both say what is left', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await startTwo(t, { REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '4' });
  assert.equal(remaining(await list(one)), 3);
  assert.equal(remaining(await list(other)), 2);
  await assertLeft(one, 2);
  const refused = await list(other);
  assert.equal(refused.status, 429);
  assert.equal(remaining(refused), 0);
  assert.match(String(refused.headers['ratelimit-policy']), /"caller"; q=4; w=60/);
  assert.match(String(refused.headers['retry-after']), /^([1-9]|[1-5]\d|60)$/);
  assert.equal(remaining(await list(other, { sub: 'svc-billing' })), 3);
  for (const gateway of [one, other]) assert.equal(said(gateway, 'Redis is down').length, 0);
});

test('two instances count an address together, before they verify its token', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const environment = { REDIS_URL: redis.url, RATE_LIMIT_ADDRESS_PER_MINUTE: '2' };
  const [one, other] = await startTwo(t, environment);
  assert.equal(remaining(await one.call({}), 'address'), 1);
  assert.equal(remaining(await list(other), 'address'), 0);
  assert.equal((await list(one)).status, 429);
  assert.equal((await list(other)).status, 429);
});

test('counts in Redis end with their minute, and name neither callers nor addresses', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [gateway] = await startTwo(t, { REDIS_URL: redis.url });
  await list(gateway);
  const keys = (await redis.command('KEYS', '*')) as string[];
  assert.equal(keys.length, 2);
  for (const key of keys) {
    assert.match(key, /^peergate:rate:(caller|address):[A-Za-z0-9_-]{43}$/);
    const left = Number(await redis.command('PTTL', key));
    assert.ok(left > 0 && left <= 60_000, `${left}`);
  }
});

test('a Redis that forgets its scripts is taught them again, and no request is lost by it', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await startTwo(t, { REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '9' });
  assert.equal(remaining(await list(one)), 8);
  await redis.command('SCRIPT', 'FLUSH');
  assert.equal(remaining(await list(other)), 7);
  assert.equal(remaining(await list(one)), 6);
});

test('when Redis refuses to count, each instance limits by itself, and says so once', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await startTwo(t, { REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: '2' });
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  await assertLeft(one, 2);
  await assertLeft(other, 2);
  for (const gateway of [one, other]) {
    const lines = gateway.logs.filter(({ msg }) => msg.startsWith('Redis refuses to count'));
    assert.deepEqual(lines.map(({ limit }) => limit).sort(), ['address', 'caller']);
    for (const { level, cause } of lines) assert.deepEqual([level, cause], ['error', 'OOM']);
  }
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  assert.equal(remaining(await list(one)), 1);
  assert.equal(remaining(await list(other)), 0);
});
