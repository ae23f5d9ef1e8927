// Limits requests in windows of 60 s, and reports the remaining quota in standard header fields.
import { hash } from 'node:crypto';
import { MemoryStore, type Options, type Store } from 'express-rate-limit';
import { GatewayError } from '../../errors.ts';

const windowMs = 60_000;

/** The part of a store that the limiter uses. */
export type RateLimitStore = Pick<Store, 'init' | 'increment'>;

interface RateLimiterOptions {
  /** Names the limit in header fields and metrics. */
  readonly name: string;
  /** 0: no limit. */
  readonly limitPerMinute: number;
  /** `undefined`: counts in its own memory. */
  readonly store: RateLimitStore | undefined;
  /** Called for each request over the limit. */
  readonly onLimited: () => void;
}

interface Counted {
  /** `RateLimit` and `RateLimit-Policy`: names and values in turn. */
  readonly headers: readonly string[];
  /** `rate-limited`, if the request is over the limit. */
  readonly refusal: GatewayError | undefined;
}

const uncounted: Counted = { headers: [], refusal: undefined };

export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #store: RateLimitStore;
  readonly #policy: string;
  readonly #partitionOf = partitions();

  constructor(options: RateLimiterOptions) {
    const { name, limitPerMinute, store } = options;
    this.#options = options;
    this.#store = store ?? new MemoryStore();
    this.#store.init?.({ windowMs } as Options);
    this.#policy = `"${name}"; q=${limitPerMinute}; w=${windowMs / 1000}`;
  }

  /**
   * Uses the store directly: the middleware of express-rate-limit awaits ten promises per request. Rejects if the store does;
   * then nothing was counted.
   */
  async count(key: string): Promise<Counted> {
    const { name, limitPerMinute, onLimited } = this.#options;
    if (limitPerMinute === 0) return uncounted;
    const { totalHits, resetTime } = await this.#store.increment(key);
    const left = secondsUntil(resetTime);
    const headers = [
      'RateLimit',
      `"${name}"; r=${Math.max(0, limitPerMinute - totalHits)}; t=${left}`,
      'RateLimit-Policy',
      `${this.#policy}; pk=:${this.#partitionOf(key)}:`,
    ];
    if (totalHits <= limitPerMinute) return { headers, refusal: undefined };
    onLimited();
    const detail = `The limit is ${limitPerMinute} a minute for each ${name}.`;
    const refusal = new GatewayError('rate-limited', { detail, headers: { 'Retry-After': String(left) } });
    return { headers, refusal };
  }
}

const secondsUntil = (time: Date | undefined): number =>
  time === undefined ? windowMs / 1000 : Math.max(0, Math.ceil((time.getTime() - Date.now()) / 1000));

/** Bound on the cached partition keys. */
const maxPartitions = 10_000;

/**
 * `pk` of draft-ietf-httpapi-ratelimit-headers-08, section 3.1.3: a hash that distinguishes callers without disclosing them.
 */
function partitions(): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= maxPartitions) known.clear();
    const partition = Buffer.from(hash('sha256', key).slice(0, 12)).toString('base64');
    known.set(key, partition);
    return partition;
  };
}
