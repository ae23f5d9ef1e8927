// Counts for rate limits in Redis, shared by all instances. While Redis is down, each instance counts in its own memory: an
// outage neither refuses requests nor lifts the limits.
import { hash } from 'node:crypto';
import { type IncrementResponse, MemoryStore, type Options } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import type { Logger } from '../../logging/logger.ts';
import { isRefusal, nameOf, type RedisCommands } from '../redis-connection.ts';
import type { RateLimitStore } from './rate-limiter.ts';

export class SharedRateLimitStore implements RateLimitStore {
  readonly #shared: RedisStore;
  readonly #own = new MemoryStore();
  readonly #name: string;
  readonly #logger: Logger;
  /** A refusal is logged once, until Redis counts again. Outages are logged by the connection. */
  #hasLoggedRefusal = false;

  /** `name` separates limits that share a Redis. */
  constructor(redis: RedisCommands, name: string, logger: Logger) {
    this.#name = name;
    this.#logger = logger;
    this.#shared = new RedisStore({
      prefix: `peergate:rate:${name}:`,
      sendCommand: (...words) => send(redis, words),
    });
  }

  init(options: Options): void {
    this.#own.init(options);
    // Only loads scripts. If Redis is down now, they are loaded when first needed.
    this.#shared.init(options).catch(() => undefined);
  }

  async increment(key: string): Promise<IncrementResponse> {
    const hashed = hashOf(key);
    try {
      const counted = await this.#shared.increment(hashed);
      this.#hasLoggedRefusal = false;
      return counted;
    } catch (error) {
      this.#logRefusal(error);
      return await this.#own.increment(hashed);
    }
  }

  #logRefusal(error: unknown): void {
    if (this.#hasLoggedRefusal || !isRefusal(error)) return;
    this.#hasLoggedRefusal = true;
    const limit = this.#name;
    this.#logger.error(
      { cause: nameOf(error), limit },
      'Redis refuses to count requests: rate limits are local to this instance',
    );
  }
}

/** Redis must not contain addresses and names of callers. */
const hashOf = (key: string): string => hash('sha256', key, 'base64url');

/**
 * Pretends that loading a script succeeds: `RedisStore` keeps the result forever, even if Redis is only down for a moment. It
 * loads the script again when Redis does not know it. The name of a script is its SHA-1.
 */
async function send(redis: RedisCommands, words: string[]): Promise<RedisReply> {
  const [command, action, script = ''] = words;
  if (command !== 'SCRIPT' || action !== 'LOAD') return (await redis.command(...words)) as RedisReply;
  await redis.command(...words).catch(() => undefined);
  return hash('sha1', script, 'hex');
}
