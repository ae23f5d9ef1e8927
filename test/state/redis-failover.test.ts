// A failover with two real servers behind one address: the old primary becomes a replica and answers READONLY on connections
// that are open. It counts as down until a connection reaches the new primary, and no gateway has to be started again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  assertRefused,
  assertReplay,
  createNumber,
  createWith,
  posts,
  startGuarded,
} from '../operations/create-peering/watched-creates.ts';
import { until } from '../support/until.ts';
import { seriesOf } from '../telemetry/scrape.ts';
import { startForwarder } from './forwarder.ts';
import { noRedis, startRedis, type TestRedis } from './redis-server.ts';
import { causesOf, list, remaining, said, startTwo, upAgain } from './shared-gateways.ts';

const unavailable = {
  status: 503,
  type: 'system:unavailable',
  code: 'idempotency-unavailable',
} as const;

async function replication(redis: TestRedis, field: string): Promise<string | undefined> {
  const text = String(await redis.command('INFO', 'replication'));
  return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(text)?.[1];
}

const follow = (replica: TestRedis, primary: TestRedis) =>
  replica.command('REPLICAOF', '127.0.0.1', String(primary.port));

/** Two servers, the second a replica of the first, and one address that leads to the first. */
async function startPair(test: TestContext) {
  const [first, second] = [await startRedis(test), await startRedis(test)];
  await first.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  await follow(second, first);
  await until('the replica follows', async () => (await replication(second, 'master_link_status')) === 'up');
  const forwarder = await startForwarder(test, first.port);
  return {
    forwarder,
    url: `redis://127.0.0.1:${forwarder.port}`,
    /** The replica has everything and becomes the primary; the old primary follows it. The address still leads to the old one. */
    async failOver() {
      const written = await replication(first, 'master_repl_offset');
      await until(
        'the replica has everything',
        async () => Number(await replication(second, 'slave_repl_offset')) >= Number(written),
      );
      await second.command('REPLICAOF', 'NO', 'ONE');
      await follow(first, second);
    },
    reachNewPrimary: () => forwarder.pointTo(second.port),
  };
}

test('after a failover creates with an Idempotency-Key go on without a restart, none is made twice, and redis_up is 0 meanwhile', {
  skip: noRedis,
}, async (t) => {
  const { forwarder, url, failOver, reachNewPrimary } = await startPair(t);
  const gateway = await startGuarded(t, { REDIS_URL: url });
  const isUp = async () => (await seriesOf(gateway)).get('redis_up');
  const before = await createWith(gateway, 'order-1', createNumber(1));
  assert.equal(before.status, 201);
  await failOver();
  assertRefused(gateway, await createWith(gateway, 'order-2', createNumber(2)), unavailable);
  assert.equal(await isUp(), 0);
  const tries = forwarder.accepted;
  await until('the replica has been tried three times more', () => forwarder.accepted >= tries + 3);
  assert.equal(await isUp(), 0, 'a replica that can be reached is no Redis that is up');
  assert.deepEqual(causesOf(gateway, 'Redis is down'), ['READONLY']);
  reachNewPrimary();
  await upAgain([gateway]);
  assert.equal(await isUp(), 1);
  assertReplay(gateway, await createWith(gateway, 'order-1', createNumber(1)), before);
  const after = await createWith(gateway, 'order-2', createNumber(2));
  assert.equal(after.status, 201);
  assertReplay(gateway, await createWith(gateway, 'order-2', createNumber(2)), after);
  assert.equal(posts(gateway.cloud), 2);
});

test('after a failover two instances limit each by itself, and count together again with the new primary', {
  skip: noRedis,
}, async (t) => {
  const { url, failOver, reachNewPrimary } = await startPair(t);
  const [one, other] = await startTwo(t, { REDIS_URL: url, RATE_LIMIT_PER_MINUTE: '9' });
  assert.equal(remaining(await list(one)), 8);
  assert.equal(remaining(await list(other)), 7);
  await failOver();
  for (const gateway of [one, other]) {
    assert.equal(remaining(await list(gateway)), 8);
    assert.equal(said(gateway, 'Redis is down').length, 1);
    assert.equal(said(gateway, 'Redis refuses').length, 0);
  }
  reachNewPrimary();
  await upAgain([one, other]);
  assert.equal(remaining(await list(one)), 6);
  assert.equal(remaining(await list(other)), 5);
});

test('after a failover the lock for a cluster is taken from the new primary', {
  skip: noRedis,
}, async (t) => {
  const { url, failOver, reachNewPrimary } = await startPair(t);
  const gateway = await startGuarded(t, { REDIS_URL: url });
  const alone = 'Redis is unavailable: the cluster lock is local to this instance';
  assert.equal((await gateway.create(createNumber(1))).status, 201);
  await failOver();
  assert.equal((await gateway.create(createNumber(2))).status, 201);
  assert.equal(said(gateway, alone).length, 1);
  reachNewPrimary();
  await upAgain([gateway]);
  assert.equal((await gateway.create(createNumber(3))).status, 201);
  assert.equal(said(gateway, alone).length, 1);
});
