// Counts requests against a limit in windows of 60 s, and says in standard header fields how much is left.
import { hash } from 'node:crypto';
import { MemoryStore, type Options, type Store } from 'express-rate-limit';
import { GatewayError } from '../../errors.ts';

const windowMs = 60_000;

/** What a limiter calls of a store. */
export type RateLimitStore = Pick<Store, 'init' | 'increment'>;

export interface RateLimiterOptions {
  /** Names the limit in header fields and metrics. */
  readonly name: string;
  /** 0: no limit. */
  readonly limitPerMinute: number;
  /** `undefined`: in memory of its own. */
  readonly store: RateLimitStore | undefined;
  /** Is called for each request over the limit. */
  readonly onLimited: () => void;
}

export interface Counted {
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
   * The store's own handler would put settings, keys and answers through ten promises for each request, of which nothing is
   * needed here. Rejects if the store does; then nothing was counted.
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

/** Partition keys that are kept; an address or a caller comes more than once. */
const maxPartitions = 10_000;

/**
 * `pk` of draft-ietf-httpapi-ratelimit-headers-08, section 3.1.3: tells one caller's count from another's, and nobody who the
 * caller is.
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
