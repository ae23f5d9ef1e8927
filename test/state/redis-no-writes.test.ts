// A real server that takes no writes for a while: it loads its data, it is a replica without its primary, it is a part of a
// cluster that does not serve, it cannot save. It counts as down until that is over, and no gateway has to be started again.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  assertRefused,
  assertReplay,
  createNumber,
  createWith,
  posts,
  startGuarded,
} from '../operations/create-peering/watched-creates.ts';
import type { TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { seriesOf } from '../telemetry/scrape.ts';
import { assertBacksOff, startForwarder } from './forwarder.ts';
import { noRedis, startRedis, type TestRedis } from './redis-server.ts';
import { causesOf, list, remaining, said, upAgain } from './shared-gateways.ts';

const unavailable = {
  status: 503,
  type: 'system:unavailable',
  code: 'idempotency-unavailable',
} as const;

interface Fault {
  readonly settings?: Record<string, string>;
  /** Once, before the gateway starts. */
  prepare?(redis: TestRedis): Promise<unknown>;
  /** Resolves when the server takes no writes; open connections stay open. */
  begin(redis: TestRedis): Promise<unknown>;
  end(redis: TestRedis): Promise<unknown>;
}

const allSlots = ['0', '16383'];

/** Resolves when the server's answer to a write begins with this word. */
const answers = (redis: TestRedis, word: string) =>
  until(`Redis answers ${word}`, async () =>
    redis
      .command('DEL', 'another-key')
      .then(String, ({ message }) => message)
      .then((text) => text.startsWith(word)),
  );

const faults: Readonly<Record<string, Fault>> = {
  LOADING: {
    settings: { 'enable-debug-command': 'local', 'loading-process-events-interval-bytes': '1024' },
    async begin(redis) {
      await redis.command('DEBUG', 'POPULATE', '50000');
      await redis.command('CONFIG', 'SET', 'key-load-delay', '1000');
      redis.command('DEBUG', 'RELOAD').catch(() => undefined);
      await answers(redis, 'LOADING');
    },
    end: (redis) => redis.command('CONFIG', 'SET', 'key-load-delay', '0'),
  },
  MASTERDOWN: {
    settings: { 'replica-serve-stale-data': 'no', 'replica-read-only': 'no' },
    begin: (redis) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    end: (redis) => redis.command('REPLICAOF', 'NO', 'ONE'),
  },
  CLUSTERDOWN: {
    settings: { 'cluster-enabled': 'yes' },
    async prepare(redis) {
      await redis.command('CLUSTER', 'ADDSLOTSRANGE', ...allSlots);
      await answers(redis, '0');
    },
    begin: (redis) => redis.command('CLUSTER', 'DELSLOTSRANGE', ...allSlots),
    end: (redis) => redis.command('CLUSTER', 'ADDSLOTSRANGE', ...allSlots),
  },
  MISCONF: {
    settings: { save: '3600 1' },
    async begin(redis) {
      const { dir } = (await redis.command('CONFIG', 'GET', 'dir')) as { dir: string };
      // Its file cannot be put there.
      await mkdir(join(dir, 'dump.rdb', 'taken'), { recursive: true });
      await redis.command('BGSAVE');
      await answers(redis, 'MISCONF');
    },
    end: (redis) => redis.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'),
  },
  NOREPLICAS: {
    begin: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
};

async function startBehind(test: TestContext, { settings = {}, prepare }: Fault) {
  const redis = await startRedis(test, { settings });
  await prepare?.(redis);
  const forwarder = await startForwarder(test, redis.port);
  return { redis, forwarder, url: `redis://127.0.0.1:${forwarder.port}` };
}

const redisUp = async (gateway: TestGateway) => (await seriesOf(gateway)).get('redis_up');

for (const [word, fault] of Object.entries(faults)) {
  test(`a server that answers ${word} is given up, is down in the metric and tried with back-off, and is used again when that is over`, {
    skip: noRedis,
  }, async (t) => {
    const { redis, forwarder, url } = await startBehind(t, fault);
    const gateway = await startGuarded(t, { REDIS_URL: url });
    const before = await createWith(gateway, 'order-1', createNumber(1));
    assert.equal(before.status, 201);
    assert.equal(await redisUp(gateway), 1);
    await fault.begin(redis);
    const connections = forwarder.accepted;
    assertRefused(gateway, await createWith(gateway, 'order-2', createNumber(2)), unavailable);
    assert.equal(await redisUp(gateway), 0);
    await assertBacksOff(forwarder, connections);
    assert.equal(await redisUp(gateway), 0, 'a server that can be reached is no Redis that is up');
    assert.deepEqual(causesOf(gateway, 'Redis is down'), [word]);
    await fault.end(redis);
    await upAgain([gateway]);
    assert.equal(await redisUp(gateway), 1);
    assertReplay(gateway, await createWith(gateway, 'order-1', createNumber(1)), before);
    const after = await createWith(gateway, 'order-2', createNumber(2));
    assert.equal(after.status, 201);
    assertReplay(gateway, await createWith(gateway, 'order-2', createNumber(2)), after);
    assert.equal(posts(gateway.cloud), 2);
  });

  test(`a server that answers ${word} stops neither reads nor their rate limit, which each instance then counts by itself`, {
    skip: noRedis,
  }, async (t) => {
    const { redis, url } = await startBehind(t, fault);
    const gateway = await startGuarded(t, { REDIS_URL: url, RATE_LIMIT_PER_MINUTE: '9' });
    assert.equal(remaining(await list(gateway)), 8);
    await fault.begin(redis);
    assert.equal(remaining(await list(gateway)), 8);
    assert.deepEqual(causesOf(gateway, 'Redis is down'), [word]);
    assert.equal(said(gateway, 'Redis refuses').length, 0);
    await fault.end(redis);
    await upAgain([gateway]);
    assert.equal(remaining(await list(gateway)), 7);
  });
}
