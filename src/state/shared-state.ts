// What requests share: rate limits, idempotency keys and turns, in this process's memory or, with REDIS_URL, in Redis for all
// instances together.
import type { Store } from 'express-rate-limit';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';
import type { IdempotencyStore } from './idempotency.ts';
import { MemoryIdempotency } from './memory-idempotency.ts';
import { LocalTurns, type Turns } from './turns.ts';

/** What a limiter calls of a store. */
export type RateLimitStore = Pick<Store, 'init' | 'increment'>;

export interface SharedState {
  readonly idempotency: IdempotencyStore;
  readonly turns: Turns;
  /** `undefined`: each limiter counts in memory of its own. */
  readonly rateLimitStore: (name: string) => RateLimitStore | undefined;
  /** Is Redis there? `undefined`: it is not asked for. */
  redisUp(): boolean | undefined;
  stop(): void;
}

export interface StateServices {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A create waits for those before it no longer than for an upstream that is slow, and not less than this. */
const leastWaitMs = 10_000;

/** Redis that is down does not keep the gateway from starting. */
export async function openSharedState(
  config: Pick<Config, 'state' | 'upstream'>,
  services: StateServices,
): Promise<SharedState> {
  const { redisUrl, idempotencyTtlMs } = config.state;
  const longestWaitMs = Math.max(config.upstream.timeoutMs, leastWaitMs);
  const local = new LocalTurns(longestWaitMs);
  if (redisUrl === undefined) {
    return {
      idempotency: new MemoryIdempotency({ ttlMs: idempotencyTtlMs, now: services.clock.now }),
      turns: local,
      rateLimitStore: () => undefined,
      redisUp: () => undefined,
      stop: () => undefined,
    };
  }
  const { openRedisState } = await import('./redis-state.ts');
  const options = { url: redisUrl, ttlMs: idempotencyTtlMs, local, longestWaitMs };
  return await openRedisState(options, services);
}
