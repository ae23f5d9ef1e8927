// What instances share by Redis. Loaded only when there is one: its client costs more at the start than all the rest of the
// gateway's state.
import type { RedisConfig } from '../config/config.ts';
import { RedisCreators } from './creators/redis-creator-store.ts';
import { RedisIdempotency } from './idempotency/redis-idempotency-store.ts';
import type { LocalClusterLock } from './lock/cluster-lock.ts';
import { RedisClusterLock } from './lock/redis-cluster-lock.ts';
import { SharedRateLimitStore } from './rate-limit/redis-rate-limit-store.ts';
import { RedisConnection } from './redis-connection.ts';
import type { SharedState, StateServices } from './shared-state.ts';

interface RedisStateOptions {
  readonly redis: RedisConfig;
  readonly ttlMs: number;
  readonly local: LocalClusterLock;
  readonly maxWaitMs: number;
}

/** Resolves after the first try to reach Redis, however it ended. */
export async function openRedisState(
  { redis: config, ttlMs, local, maxWaitMs }: RedisStateOptions,
  { logger }: StateServices,
): Promise<SharedState> {
  const redis = new RedisConnection(config, logger);
  await redis.start();
  const idempotency = new RedisIdempotency(redis, ttlMs, logger);
  return {
    idempotency,
    clusterLock: new RedisClusterLock({ redis, local, maxWaitMs, logger }),
    creators: new RedisCreators(redis),
    rateLimitStore: (name) => new SharedRateLimitStore(redis, name, logger),
    redisUp: () => redis.up,
    stop() {
      idempotency.stop();
      redis.stop();
    },
  };
}
