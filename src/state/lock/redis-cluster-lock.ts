// The cluster lock across instances: one lock in Redis per cluster, acquired after the local lock and renewed while it is held.
// The lock of a dead instance expires. While Redis is down, only the local lock applies.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../logging/logger.ts';
import { nameOf, type RedisCommands } from '../redis-connection.ts';
import { type ClusterLock, clusterBusy, type Release } from './cluster-lock.ts';

const leaseMs = 15_000;
const renewMs = 5000;
const pollMs = 50;
const prefix = 'peergate:lock:';

const renewScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const releaseScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

interface RedisClusterLockOptions {
  readonly redis: RedisCommands;
  readonly local: ClusterLock;
  readonly maxWaitMs: number;
  readonly logger: Logger;
}

export class RedisClusterLock implements ClusterLock {
  readonly #options: RedisClusterLockOptions;

  constructor(options: RedisClusterLockOptions) {
    this.#options = options;
  }

  async acquire(clusterId: string): Promise<Release> {
    const releaseLocal = await this.#options.local.acquire(clusterId);
    try {
      const releaseShared = await this.#acquireShared(prefix + clusterId);
      return () => {
        releaseShared();
        releaseLocal();
      };
    } catch (error) {
      releaseLocal();
      throw error;
    }
  }

  async #acquireShared(key: string): Promise<Release> {
    const { redis, maxWaitMs, logger } = this.#options;
    const owner = randomUUID();
    const until = performance.now() + maxWaitMs;
    for (;;) {
      try {
        const acquired = await redis.command('SET', key, owner, 'NX', 'PX', String(leaseMs));
        if (acquired !== null) return this.#hold(key, owner);
      } catch (error) {
        // The command may have been carried out, and only its reply be late.
        void redis.command('EVAL', releaseScript, '1', key, owner).catch(ignore);
        logger.warn(
          { cause: nameOf(error) },
          'Redis is unavailable: the cluster lock is local to this instance',
        );
        return () => undefined;
      }
      if (performance.now() >= until) throw clusterBusy();
      await pause(pollMs * (0.5 + Math.random()));
    }
  }

  #hold(key: string, owner: string): Release {
    const { redis } = this.#options;
    const renew = () =>
      void redis.command('EVAL', renewScript, '1', key, owner, String(leaseMs)).catch(ignore);
    const timer = setInterval(renew, renewMs).unref();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      void redis.command('EVAL', releaseScript, '1', key, owner).catch(ignore);
    };
  }
}

/** A lock that could not be released expires with its lease. */
const ignore = (): void => undefined;
