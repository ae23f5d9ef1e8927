// A user of Redis that may not do all that the gateway does: the log says so by name, and a server that might take no writes
// does not count as up.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  assertRefused,
  createNumber,
  createWith,
  startGuarded,
} from '../operations/create-peering/watched-creates.ts';
import { seriesOf } from '../telemetry/scrape.ts';
import { assertBacksOff, startForwarder } from './forwarder.ts';
import { noRedis, startRedis } from './redis-server.ts';
import { causesOf, upAgain } from './shared-gateways.ts';

const password = 'password-of-the-gateway';
const unavailable = {
  status: 503,
  type: 'system:unavailable',
  code: 'idempotency-unavailable',
} as const;

async function startWithout(test: TestContext, command: string) {
  const redis = await startRedis(test);
  const rights = ['on', `>${password}`, '~*', '&*', '+@all', `-${command}`];
  await redis.command('ACL', 'SETUSER', 'gateway', ...rights);
  const forwarder = await startForwarder(test, redis.port);
  const gateway = await startGuarded(test, {
    REDIS_URL: `redis://gateway:${password}@127.0.0.1:${forwarder.port}`,
  });
  const redisUp = async () => (await seriesOf(gateway)).get('redis_up');
  return { redis, forwarder, gateway, redisUp };
}

test('a server whose ACL forbids the probe is not up, is tried with back-off, and is used once the ACL allows it', {
  skip: noRedis,
}, async (t) => {
  const { redis, forwarder, gateway, redisUp } = await startWithout(t, 'del');
  assert.equal(await redisUp(), 0);
  // As after a failover: nothing but the probe would tell before a create meets it.
  await redis.command('REPLICAOF', '127.0.0.1', '1');
  await assertBacksOff(forwarder);
  assertRefused(gateway, await createWith(gateway, 'order-1', createNumber(1)), unavailable);
  assert.equal(await redisUp(), 0);
  assert.deepEqual(causesOf(gateway, 'Redis is down'), ['NOPERM']);
  await redis.command('REPLICAOF', 'NO', 'ONE');
  await redis.command('ACL', 'SETUSER', 'gateway', '+del');
  await upAgain([gateway], 1);
  assert.equal(await redisUp(), 1);
  assert.equal((await createWith(gateway, 'order-1', createNumber(1))).status, 201);
});

test('a key that Redis refuses to keep is logged with the first word of its reply', {
  skip: noRedis,
}, async (t) => {
  const { gateway } = await startWithout(t, 'eval');
  assertRefused(gateway, await createWith(gateway, 'order-1', createNumber(1)), unavailable);
  assert.deepEqual(causesOf(gateway, 'idempotency keys are unavailable'), ['NOPERM']);
});

test('a lock for a cluster that Redis refuses is logged with the first word of its reply', {
  skip: noRedis,
}, async (t) => {
  const { gateway } = await startWithout(t, 'set');
  assert.equal((await gateway.create(createNumber(1))).status, 201);
  assert.deepEqual(causesOf(gateway, 'Redis is unavailable: the cluster lock'), ['NOPERM']);
});

test('what is refused because Redis is down is logged as that', { skip: noRedis }, async (t) => {
  const { gateway } = await startWithout(t, 'del');
  assertRefused(gateway, await createWith(gateway, 'order-1', createNumber(1)), unavailable);
  assert.equal((await gateway.create(createNumber(2))).status, 201);
  assert.deepEqual(causesOf(gateway, 'idempotency keys are unavailable'), ['Redis is down']);
  assert.deepEqual(causesOf(gateway, 'Redis is unavailable: the cluster lock'), ['Redis is down']);
});
