// The state that requests share: rate limits, idempotency keys and cluster locks. It is in this process's memory or, with
// REDIS_URL, in Redis for all instances.
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logging/logger.ts';
import { type CreatorStore, MemoryCreators } from './creators/creator-store.ts';
import type { IdempotencyStore } from './idempotency/idempotency-store.ts';
import { MemoryIdempotency } from './idempotency/memory-idempotency-store.ts';
import { type ClusterLock, LocalClusterLock } from './lock/cluster-lock.ts';
import type { RateLimitStore } from './rate-limit/rate-limiter.ts';

export interface SharedState {
  readonly idempotency: IdempotencyStore;
  readonly clusterLock: ClusterLock;
  readonly creators: CreatorStore;
  /** `undefined`: each limiter counts in memory of its own. */
  readonly rateLimitStore: (name: string) => RateLimitStore | undefined;
  /** `undefined` without REDIS_URL. */
  redisUp(): boolean | undefined;
  stop(): void;
}

export interface StateServices {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A create waits for the cluster lock for the upstream timeout, but at least this long. */
const minWaitMs = 10_000;

/** The gateway also starts while Redis is down. */
export async function openSharedState(
  config: Pick<Config, 'state' | 'upstream'>,
  services: StateServices,
): Promise<SharedState> {
  const { redis, idempotencyTtlMs } = config.state;
  const maxWaitMs = Math.max(config.upstream.timeoutMs, minWaitMs);
  const local = new LocalClusterLock(maxWaitMs);
  if (redis === undefined) {
    return {
      idempotency: new MemoryIdempotency({ ttlMs: idempotencyTtlMs, now: services.clock.now }),
      clusterLock: local,
      creators: new MemoryCreators(),
      rateLimitStore: () => undefined,
      redisUp: () => undefined,
      stop: () => undefined,
    };
  }
  const { openRedisState } = await import('./redis-state.ts');
  const options = { redis, ttlMs: idempotencyTtlMs, local, maxWaitMs };
  return await openRedisState(options, services);
}
