// Creators of peerings, in memory and in a real Redis: the first one counts, instances share them, and they go when the
// peering has gone.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import type { UpstreamConfig } from '../../../src/config/config.ts';
import { Secret } from '../../../src/config/secret.ts';
import { RetainedCreators } from '../../../src/fleet/retained-creators.ts';
import type { Snapshot } from '../../../src/fleet/snapshot.ts';
import type { LineWriter } from '../../../src/logging/line-writer.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { type CreatorStore, MemoryCreators } from '../../../src/state/creators/creator-store.ts';
import { openSharedState } from '../../../src/state/shared-state.ts';
import { list, remove } from '../../support/call-peering.ts';
import { allowed, guardrailsOnly } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';
import { noRedis, startRedis } from '../redis-server.ts';
import { startTwo } from '../shared-gateways.ts';

const logger = createLogger('silent', { log: () => undefined } as unknown as LineWriter);
const creator = { issuer: 'https://idp.example', subject: 'svc-a', at: 1_000, requestId: 'r' };

/** A snapshot of one cluster with these peerings; `undefined`: it could not be read. */
function snapshotOf(ids: readonly string[] | undefined): Snapshot {
  const cluster = { id: 'c', name: 'c', cidrBlock: undefined, block: undefined, readAt: 0 };
  const peerings = (ids ?? []).map((id) => ({ id }));
  return {
    generatedAt: 0,
    clusters: new Map([['c', { ...cluster, peerings, isUnread: ids === undefined }]]),
  };
}

async function openRedisCreators(t: TestContext, url: string): Promise<CreatorStore> {
  const redis = {
    url: Secret.ofValue(url),
    mode: 'single',
    sentinelMaster: undefined,
    allowPlaintext: false,
  } as const;
  const config = { state: { redis, idempotencyTtlMs: 1 }, upstream: { timeoutMs: 1 } as UpstreamConfig };
  const state = await openSharedState(config, { clock: systemClock, logger });
  t.after(() => state.stop());
  return state.creators;
}

async function assertRetention(store: CreatorStore): Promise<void> {
  const creators = new RetainedCreators(store, logger);
  const known = async () => [...(await creators.creatorsOf(['a', 'b'])).keys()];
  await creators.recordCreator('a', creator);
  await creators.recordCreator('b', creator);
  for (const [listed, left] of [
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [['a'], ['a', 'b']],
    // Listed again in between: the count begins anew.
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [['a'], ['a', 'b']],
    [undefined, ['a', 'b']],
    [['a'], ['a']],
  ] as const) {
    await creators.observe(snapshotOf(listed));
    assert.deepEqual(await known(), left);
  }
}

test('a creator goes with the second complete snapshot in a row that lacks the peering', async () => {
  await assertRetention(new MemoryCreators());
});

test('likewise in Redis', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  await assertRetention(await openRedisCreators(t, redis.url));
  assert.deepEqual(await redis.command('KEYS', 'peergate:creator:*'), ['peergate:creator:a']);
});

test('a peering that was never listed loses its creator, too, and one that Redis could not remove goes later', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const creators = new RetainedCreators(await openRedisCreators(t, redis.url), logger);
  await creators.recordCreator('a', creator);
  await creators.observe(snapshotOf([]));
  redis.freeze();
  await creators.observe(snapshotOf([]));
  redis.thaw();
  const gone = async () => {
    await creators.observe(snapshotOf([]));
    return (await creators.creatorsOf(['a']).catch(() => new Map([['a', creator]]))).size === 0;
  };
  await until('the creator is removed', gone);
});

test('in Redis the first creator counts, is kept for 400 days, and what is no creator is nobody', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const creators = await openRedisCreators(t, redis.url);
  await creators.recordCreator('a', creator);
  await creators.recordCreator('a', { ...creator, subject: 'svc-b' });
  assert.deepEqual((await creators.creatorsOf(['a', 'b'])).get('a'), creator);
  const days = Number(await redis.command('PTTL', 'peergate:creator:a')) / 86_400_000;
  assert.ok(days > 399 && days <= 400, String(days));
  for (const text of [
    '',
    '{',
    '{"subject":"svc-a"}',
    '{"issuer":"","subject":"a","at":1,"requestId":"r"}',
    // No date is so late, and to make one of it throws.
    '{"issuer":"i","subject":"a","at":8640000000000001,"requestId":"r"}',
  ]) {
    await redis.command('SET', 'peergate:creator:b', text);
    assert.equal((await creators.creatorsOf(['b'])).size, 0, text);
  }
});

test('a peering that one instance created is the caller’s own at another, and while Redis is down nobody’s', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis(t);
  const policy = `${guardrailsOnly}
grants:
  - { id: own, callers: [{ claim: sub, equals: "svc-*" }], actions: [create, deleteOwn] }
`;
  const environment = { REDIS_URL: redis.url };
  const [one, other] = await startTwo(t, environment, policy);
  const { json } = await one.create(allowed);
  list(other, [{ ...allowed, id: json.id, status: 'active' }]);
  assert.equal((await remove(other, json.id, { claims: { sub: 'svc-other' } })).status, 403);
  const deletes = () => other.apiRequests().filter(({ method }) => method === 'DELETE').length;
  assert.equal(deletes(), 0);
  await remove(other, json.id);
  assert.equal(deletes(), 1);
  await redis.kill();
  const down = await remove(other, json.id);
  assert.equal(down.status, 503);
  assert.equal(down.json.code, 'fleet-unavailable');
  assert.equal(deletes(), 1);
});
