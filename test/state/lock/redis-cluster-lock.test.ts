// With Redis creates for one cluster go one at a time across instances. A lock that nobody renews lapses; without Redis each
// instance keeps its own order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowed,
  asked,
  assertRefused,
  clusterId,
  createAs,
  createNumber,
  holdCreates,
  otherCluster,
  posts,
  startGuarded,
  startTwoGuarded,
} from '../../operations/create-peering/watched-creates.ts';
import { until } from '../../support/until.ts';
import { noRedis, startRedis, type TestRedis } from '../redis-server.ts';

const key = `peergate:lock:${clusterId}`;
const neighbour = { ...allowed, vpcId: 'vpc-00000000000000001' };
const leftOf = async (redis: TestRedis): Promise<number> => Number(await redis.command('PTTL', key));

test('of two creates at once on two instances that overlap, one is made and the other refused', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const [one, other] = instances;
  const held = holdCreates(cloud);
  const first = one.create();
  await held.arrived(1);
  const asks = await redis.calls('set');
  const second = other.create(neighbour);
  await until(
    'the other instance has asked for its turn twice',
    async () => (await redis.calls('set')) > asks + 1,
  );
  assert.deepEqual(asked(cloud), ['GET cluster', 'GET peerings', 'POST peerings']);
  held.release();
  assert.equal((await first).status, 201);
  assertRefused(other, await second, { status: 409, type: 'validation:failed', code: 'cidr-overlap' });
  assert.equal(posts(cloud), 1);
});

test('many creates at once on two instances are all made, and never two preflights in a row', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const replies = await Promise.all(
    Array.from({ length: 16 }, (_, number) =>
      (instances[number % 2] ?? instances[0]).create(createNumber(number)),
    ),
  );
  assert.ok(replies.every(({ status }) => status === 201));
  const words = asked(cloud).filter((word) => word !== 'GET cluster');
  assert.deepEqual(words, Array.from({ length: 16 }, () => ['GET peerings', 'POST peerings']).flat());
  await until('the lock is given back', async () => (await redis.command('EXISTS', key)) === 0);
});

test('a create for another cluster waits for no instance', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const { instances, cloud } = await startTwoGuarded(t, { REDIS_URL: redis.url });
  const held = holdCreates(cloud);
  const first = instances[0].create();
  await held.arrived(1);
  const second = createAs(instances[1], { cluster: otherCluster });
  await held.arrived(2);
  held.release();
  assert.deepEqual([(await first).status, (await second).status], [201, 201]);
});

test('the lock of a dead instance lapses, and the next create gets it', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  await redis.command('SET', key, 'somebody who is no more', 'PX', '1500');
  assert.equal((await gateway.create()).status, 201);
  assert.equal(posts(gateway.cloud), 1);
});

test('the lock of a create that takes long is renewed, and lapses by itself soon after its instance died', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  const held = holdCreates(gateway.cloud);
  const create = gateway.create();
  await held.arrived(1);
  let least = await leftOf(redis);
  assert.ok(least > 0 && least <= 15_000, `${least}`);
  await until('it is renewed', async () => {
    const left = await leftOf(redis);
    const renewed = left > least;
    least = left;
    return renewed;
  });
  held.release();
  assert.equal((await create).status, 201);
});

test('a lock that somebody else holds by now is not released', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url });
  const held = holdCreates(gateway.cloud);
  const create = gateway.create();
  await held.arrived(1);
  await redis.command('SET', key, 'somebody else', 'PX', '60000');
  const evals = await redis.calls('eval');
  held.release();
  assert.equal((await create).status, 201);
  await until('it has tried to give its lock back', async () => (await redis.calls('eval')) > evals);
  assert.equal(await redis.command('GET', key), 'somebody else');
});

test('a create that waits too long for another instance gets 503', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url, UPSTREAM_TIMEOUT_MS: '1000' });
  await redis.command('SET', key, 'somebody else', 'PX', '60000');
  const reply = await gateway.create();
  assertRefused(gateway, reply, { status: 503, type: 'system:unavailable', code: 'cluster-busy' });
  assert.equal(reply.headers['retry-after'], '5');
  assert.equal(gateway.cloud.connections, 0);
  await redis.command('DEL', key);
  assert.equal((await gateway.create()).status, 201);
});

test('with PREFLIGHT=off no lock is taken', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startGuarded(t, { REDIS_URL: redis.url, PREFLIGHT: 'off' });
  await redis.command('SET', key, 'somebody else', 'PX', '60000');
  assert.equal((await gateway.create()).status, 201);
});

for (const [what, spoil] of [
  ['is gone', (redis: TestRedis) => redis.kill()],
  ['hangs', async (redis: TestRedis) => redis.freeze()],
] as const) {
  test(`while Redis ${what} each instance keeps its own order, and says so`, { skip: noRedis }, async (t) => {
    const redis = await startRedis(t);
    t.after(() => redis.thaw());
    const gateway = await startGuarded(t, { REDIS_URL: redis.url });
    await spoil(redis);
    const replies = await Promise.all([allowed, neighbour, allowed].map((body) => gateway.create(body)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409]);
    assert.equal(posts(gateway.cloud), 1);
    assert.ok(gateway.logs.some(({ msg }) => /the cluster lock is local to this instance/.test(msg)));
  });
}
