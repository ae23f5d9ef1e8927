// Turns across instances: a lock in Redis for each cluster, taken behind this instance's own queue and renewed while it is
// held. An instance that dies loses it after a while; while Redis is down each instance keeps its own order.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../log/logger.ts';
import { nameOf, type RedisCommands } from './redis-connection.ts';
import { clusterBusy, type EndTurn, type Turns } from './turns.ts';

const leaseMs = 15_000;
const renewMs = 5000;
const pollMs = 50;
const prefix = 'peergate:turn:';

const renewScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const endScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

export interface RedisTurnsOptions {
  readonly redis: RedisCommands;
  readonly local: Turns;
  readonly longestWaitMs: number;
  readonly logger: Logger;
}

export class RedisTurns implements Turns {
  readonly #options: RedisTurnsOptions;

  constructor(options: RedisTurnsOptions) {
    this.#options = options;
  }

  async take(clusterId: string): Promise<EndTurn> {
    const endLocal = await this.#options.local.take(clusterId);
    try {
      const endShared = await this.#takeShared(prefix + clusterId);
      return () => {
        endShared();
        endLocal();
      };
    } catch (error) {
      endLocal();
      throw error;
    }
  }

  async #takeShared(key: string): Promise<EndTurn> {
    const { redis, longestWaitMs, logger } = this.#options;
    const owner = randomUUID();
    const until = performance.now() + longestWaitMs;
    for (;;) {
      try {
        const taken = await redis.command('SET', key, owner, 'NX', 'PX', String(leaseMs));
        if (taken !== null) return this.#hold(key, owner);
      } catch (error) {
        logger.warn(
          { cause: nameOf(error) },
          'creates for one cluster go one at a time in this instance only',
        );
        return () => undefined;
      }
      if (performance.now() >= until) throw clusterBusy();
      await pause(pollMs * (0.5 + Math.random()));
    }
  }

  #hold(key: string, owner: string): EndTurn {
    const { redis } = this.#options;
    const renew = () =>
      void redis.command('EVAL', renewScript, '1', key, owner, String(leaseMs)).catch(ignore);
    const timer = setInterval(renew, renewMs).unref();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      void redis.command('EVAL', endScript, '1', key, owner).catch(ignore);
    };
  }
}

/** A lock that is not given back ends with its lease. */
const ignore = (): void => undefined;
