// The keys of one issuer, kept current in the background. Known keys outlive an outage of the issuer up to a limit, a
// new key is found at once, a withdrawn one stops within the cache age, and a broken answer changes nothing.

import type { CryptoKey, FlattenedJWSInput, JWK, JWSHeaderParameters } from 'jose';
import * as errors from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';
import { flattenedVerify } from 'jose/jws/flattened/verify';
import { Backoff } from '../async/backoff.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { retryAfterOf } from '../outbound/failures.ts';
import { waitMsOf } from '../outbound/retry-after.ts';
import type { KeySource } from './key-source.ts';

/** Keys are fetched anew at least this often while the issuer can be reached. */
const maxAgeMs = 600_000;
/** Fetches that an unknown `kid` causes are at least so far apart. */
const unknownKeyCooldownMs = 30_000;
/** After a failure: 1 s, doubling up to this. After a set without keys: this. */
const maxBackoffMs = 30_000;
/** Entries of one key set that are named in the log. */
const maxNamed = 20;
/** The part of the cache age after which the background fetch begins, so that no request has to wait for it. */
const refreshAt = 0.8;

/** Keys without a `kid` that are tried for a token whose `kid` no key has. */
const maxWithoutKid = 4;

interface KnownKeys {
  readonly resolve: ReturnType<typeof createLocalJWKSet>;
  /** Each by itself. */
  readonly withoutKid: readonly ReturnType<typeof createLocalJWKSet>[];
  readonly fetchedAt: number;
  readonly count: number;
}

export interface KeySetServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** So many tokens of unknown keys wait for a fetch at most. */
  readonly maxWaiting?: number;
  /** Told of each fetch. */
  readonly observe?: (result: 'ok' | 'failed') => void;
}

const usuallyWaiting = 64;

export class KeySet {
  readonly #issuer: string;
  readonly #source: KeySource;
  readonly #services: Required<KeySetServices>;
  readonly #maxStaleMs: number;
  readonly #maxAgeMs: number;
  #known: KnownKeys | undefined;
  /** The keys as they came. */
  #text = '';
  /** The entries that cannot be used, as the log has them. */
  #ignored: readonly string[] = [];
  #generation = 0;
  #pending: Promise<void> | undefined;
  readonly #backoff = new Backoff({ minMs: 1000, maxMs: maxBackoffMs });
  #nextAttemptAt = 0;
  /** Until then the issuer asked to be left alone: no token of an unknown key makes a fetch either. */
  #askedToWaitUntil = 0;
  #unknownKeyFetchedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #waiting = 0;

  constructor(issuer: string, source: KeySource, maxStaleMs: number, services: KeySetServices) {
    this.#issuer = issuer;
    this.#source = source;
    this.#services = { maxWaiting: usuallyWaiting, observe: () => undefined, ...services };
    this.#maxStaleMs = maxStaleMs;
    this.#maxAgeMs = Math.min(maxAgeMs, maxStaleMs);
  }

  /** Fetches the keys and goes on keeping them current until `stop`. */
  start(): void {
    void this.#refresh();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Another number after each fetch that found other keys than before. */
  get generation(): number {
    return this.#generation;
  }

  /** Are there keys that need no fetch before they are used? `now`: milliseconds since the epoch. */
  fresh(now: number): boolean {
    const known = this.#known;
    return known !== undefined && now - known.fetchedAt <= this.#maxAgeMs;
  }

  /** How many usable keys there are. */
  get count(): number {
    return this.#current()?.count ?? 0;
  }

  /** How many entries of the last key set cannot be used. */
  get ignored(): number {
    return this.#ignored.length;
  }

  /** When they were fetched, in milliseconds since the epoch; `undefined`: never. */
  get fetchedAt(): number | undefined {
    return this.#known?.fetchedAt;
  }

  /** Is there any key that a token could be checked with? */
  known(): boolean {
    return this.count > 0;
  }

  /**
   * The key for a token's header, for `jwtVerify`. Rejects with jose's `JWKSNoMatchingKey` when the issuer has no such
   * key, and with `keys-unavailable` when nobody can know.
   */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    await this.#beCurrent();
    const first = await this.#lookUp(header, token);
    if (first !== undefined) return first;
    if (this.#pending !== undefined) {
      await this.#waitFor(this.#pending);
      const second = await this.#lookUp(header, token);
      if (second !== undefined) return second;
    }
    const now = this.#services.clock.now();
    if (now - this.#unknownKeyFetchedAt >= unknownKeyCooldownMs && now >= this.#askedToWaitUntil) {
      this.#unknownKeyFetchedAt = now;
      await this.#waitFor(this.#refresh());
    }
    const last = await this.#lookUp(header, token);
    if (last !== undefined) return last;
    throw this.known() ? new errors.JWKSNoMatchingKey() : this.#unavailable();
  };

  /** An issuer that hangs must not fill the gateway with tokens of unknown keys, which anybody can make. */
  async #waitFor(fetched: Promise<void>): Promise<void> {
    if (this.#waiting >= this.#services.maxWaiting) throw this.#unavailable();
    this.#waiting += 1;
    try {
      await fetched;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Gives `undefined` when the keys do not have it. Rejects when there are none and asking has just been tried. */
  async #lookUp(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey | undefined> {
    const known = this.#current();
    if (known === undefined) throw this.#unavailable();
    try {
      return await known.resolve(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return await verifyWithoutKid(known, header, token);
      throw error;
    }
  }

  /** The keys, perhaps none, while they are not older than an outage may make them. */
  #current(): KnownKeys | undefined {
    const known = this.#known;
    return known !== undefined && this.#services.clock.now() - known.fetchedAt <= this.#maxStaleMs
      ? known
      : undefined;
  }

  /** Waits for a fetch only where going on without one would break a promise; never during the back-off of an outage. */
  async #beCurrent(): Promise<void> {
    const now = this.#services.clock.now();
    if (this.fresh(now)) return;
    const usable = this.known();
    if (this.#pending === undefined && now < this.#nextAttemptAt) return;
    const attempt = this.#refresh();
    if (!usable || this.#backoff.failures === 0) await attempt;
  }

  #refresh(): Promise<void> {
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { keys, ignored = [] } = await this.#source();
      const now = this.#services.clock.now();
      const count = keys.length;
      const text = JSON.stringify(keys);
      if (text !== this.#text) this.#generation += 1;
      this.#text = text;
      this.#known = {
        resolve: createLocalJWKSet({ keys }),
        withoutKid: resolversWithoutKid(keys),
        fetchedAt: now,
        count,
      };
      this.#ignore(ignored);
      this.#backoff.succeed();
      this.#services.observe('ok');
      this.#nextAttemptAt = count > 0 ? 0 : now + maxBackoffMs;
      this.#schedule(count > 0 ? this.#maxAgeMs * refreshAt : maxBackoffMs);
    } catch (error) {
      this.#services.observe('failed');
      const now = this.#services.clock.now();
      const retryAfterMs = waitMsOf(retryAfterOf(error), now);
      const backoffMs = Math.max(retryAfterMs, this.#backoff.fail());
      this.#askedToWaitUntil = now + retryAfterMs;
      this.#nextAttemptAt = now + backoffMs;
      this.#schedule(backoffMs);
      const fields = {
        issuer: this.#issuer,
        failures: this.#backoff.failures,
        usable: this.known(),
        err: error,
      };
      this.#services.logger.warn(fields, 'keys of an issuer could not be fetched');
    }
  }

  /** Each such entry is logged once, for as long as the issuer publishes it. */
  #ignore(ignored: readonly string[]): void {
    const known = new Set(this.#ignored);
    const entries = ignored.filter((entry) => !known.has(entry));
    this.#ignored = ignored;
    if (entries.length === 0) return;
    const fields = { issuer: this.#issuer, ignored: ignored.length, entries: entries.slice(0, maxNamed) };
    this.#services.logger.warn(fields, 'entries of a key set cannot be used and are ignored');
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#refresh(), Math.max(0, delayMs));
    this.#timer.unref();
  }

  #unavailable(): GatewayError {
    const seconds = Math.max(1, Math.ceil((this.#nextAttemptAt - this.#services.clock.now()) / 1000));
    return new GatewayError('keys-unavailable', { headers: { 'Retry-After': String(seconds) } });
  }
}

const resolversWithoutKid = (keys: readonly JWK[]): KnownKeys['withoutKid'] =>
  keys
    .filter(({ kid }) => kid === undefined)
    .slice(0, maxWithoutKid)
    .map((key) => createLocalJWKSet({ keys: [key] }));

/**
 * A token may have a `kid` although its issuer publishes keys without one. Such a key counts if the signature verifies with
 * it: a guess would hide that the key is a new one, which is fetched then.
 */
async function verifyWithoutKid(
  { withoutKid }: KnownKeys,
  { kid, ...header }: JWSHeaderParameters,
  token: FlattenedJWSInput,
): Promise<CryptoKey | undefined> {
  if (kid === undefined) return undefined;
  for (const resolve of withoutKid) {
    const key = await resolve(header, token).catch(() => undefined);
    if (key === undefined) continue;
    const isVerified = await flattenedVerify(token, key).then(
      () => true,
      () => false,
    );
    if (isVerified) return key;
  }
  return undefined;
}
