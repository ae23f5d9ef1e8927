// What requests share: rate limits, idempotency keys and turns, in this process's memory or, with REDIS_URL, in Redis for all
// instances together.
import type { Store } from 'express-rate-limit';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';
import type { IdempotencyStore } from './idempotency.ts';
import { MemoryIdempotency } from './memory-idempotency.ts';
import { SharedRateLimitStore } from './rate-limit-store.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisIdempotency } from './redis-idempotency.ts';
import { RedisTurns } from './redis-turns.ts';
import { LocalTurns, type Turns } from './turns.ts';

export interface SharedState {
  readonly idempotency: IdempotencyStore;
  readonly turns: Turns;
  /** `undefined`: each limiter counts in memory of its own. */
  readonly rateLimitStore: (name: string) => Store | undefined;
  /** Is Redis there? `undefined`: it is not asked for. */
  redisUp(): boolean | undefined;
  stop(): void;
}

/** A create waits for those before it no longer than for an upstream that is slow, and not less than this. */
const leastWaitMs = 10_000;

/** Redis that is down does not keep the gateway from starting. */
export async function openSharedState(
  config: Pick<Config, 'state' | 'upstream'>,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<SharedState> {
  const { redisUrl, idempotencyTtlMs } = config.state;
  const longestWaitMs = Math.max(config.upstream.timeoutMs, leastWaitMs);
  const local = new LocalTurns(longestWaitMs);
  if (redisUrl === undefined) {
    return {
      idempotency: new MemoryIdempotency({ ttlMs: idempotencyTtlMs, now: clock.now }),
      turns: local,
      rateLimitStore: () => undefined,
      redisUp: () => undefined,
      stop: () => undefined,
    };
  }
  const redis = new RedisConnection(redisUrl, logger);
  await redis.start();
  const idempotency = new RedisIdempotency(redis, idempotencyTtlMs, logger);
  return {
    idempotency,
    turns: new RedisTurns({ redis, local, longestWaitMs, logger }),
    rateLimitStore: (name) => new SharedRateLimitStore(redis, name, logger),
    redisUp: () => redis.up,
    stop() {
      idempotency.stop();
      redis.stop();
    },
  };
}
