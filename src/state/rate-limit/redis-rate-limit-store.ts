// Where rate limits are counted: in Redis for all instances together, or, while Redis is down, in each by itself. A request
// is never refused or let pass unlimited because Redis does not answer.
import { createHash } from 'node:crypto';
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
  /** Said once for each time that Redis begins to refuse. That it is down, its connection says. */
  #saidRefused = false;

  /** `name` keeps the limits apart that share a Redis. */
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
    // Only loads scripts, which a Redis that is down now gets when it is first needed.
    this.#shared.init(options).catch(() => undefined);
  }

  async increment(key: string): Promise<IncrementResponse> {
    const hashed = hashOf(key);
    try {
      const counted = await this.#shared.increment(hashed);
      this.#saidRefused = false;
      return counted;
    } catch (error) {
      this.#sayRefused(error);
      return await this.#own.increment(hashed);
    }
  }

  #sayRefused(error: unknown): void {
    if (this.#saidRefused || !isRefusal(error)) return;
    this.#saidRefused = true;
    const limit = this.#name;
    this.#logger.error(
      { cause: nameOf(error), limit },
      'Redis refuses to count: this instance limits by itself',
    );
  }
}

/** Addresses and names of callers do not lie about in Redis. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url');

/**
 * The name of a script is its SHA-1. The store remembers for good what loading it came to, so it must not learn that Redis
 * was down at that moment; when Redis does not know the script, it is loaded again.
 */
async function send(redis: RedisCommands, words: string[]): Promise<RedisReply> {
  const [command, action, script = ''] = words;
  if (command !== 'SCRIPT' || action !== 'LOAD') return (await redis.command(...words)) as RedisReply;
  await redis.command(...words).catch(() => undefined);
  return createHash('sha1').update(script).digest('hex');
}
