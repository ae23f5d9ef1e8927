// The gateway's own access token for Aerospike Cloud. One request serves any number of waiting calls, it is renewed in
// the background before it ends, and a token that is still good outlives an outage of the token endpoint.

import { Backoff } from '../async/backoff.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { ExchangeError, retryAfterOf } from '../outbound/failures.ts';
import { waitMsOf } from '../outbound/retry-after.ts';
import type { IssuedToken } from './token-request.ts';

/** Renewal begins when a fifth of the lifetime is left, at most five minutes before the end. */
const renewalShare = 0.2;
const maxRenewalMs = 300_000;
/** A token this close to its end is not used for a new request. */
const marginMs = 1000;
/** After a failure: half a second, doubling up to this. */

interface HeldToken {
  readonly value: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

interface LastFailure {
  readonly error: unknown;
  /** By `Retry-After`. */
  readonly askedToWait: boolean;
}

export interface ServiceTokenServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each request for a token. */
  readonly observe?: (result: 'ok' | 'failed') => void;
}

export class ServiceToken {
  readonly #request: () => Promise<IssuedToken>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #observe: (result: 'ok' | 'failed') => void;
  #held: HeldToken | undefined;
  #pending: Promise<HeldToken> | undefined;
  readonly #backoff = new Backoff({ minMs: 500, maxMs: 10_000 });
  #nextAttemptAt = 0;
  #lastFailure: LastFailure | undefined;

  constructor(request: () => Promise<IssuedToken>, services: ServiceTokenServices) {
    this.#request = request;
    this.#clock = services.clock;
    this.#logger = services.logger;
    this.#observe = services.observe ?? (() => undefined);
  }

  /**
   * A token to send. Rejects with `service-token-unavailable` or `service-token-timeout`, with a `Retry-After` when the
   * endpoint gave one: it is not asked again sooner.
   */
  async get(): Promise<string> {
    const held = this.#held;
    const now = this.#clock.now();
    if (held === undefined || now >= held.endsAt) return (await this.#renewed()).value;
    if (now >= held.renewAt) this.#renewed().catch(() => undefined);
    return held.value;
  }

  /** The upstream refused this token: it is not given out again. A newer one stays. */
  invalidate(token: string): void {
    if (this.#held?.value === token) this.#held = undefined;
  }

  #renewed(): Promise<HeldToken> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#lastFailure !== undefined && this.#clock.now() < this.#nextAttemptAt) {
      return Promise.reject(this.#failure(this.#lastFailure));
    }
    this.#pending = this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #renew(): Promise<HeldToken> {
    try {
      const { value, lifetimeMs } = await this.#request();
      const now = this.#clock.now();
      const endsAt = now + Math.max(lifetimeMs - marginMs, 0);
      const held = { value, endsAt, renewAt: endsAt - Math.min(lifetimeMs * renewalShare, maxRenewalMs) };
      this.#held = held;
      this.#backoff.succeed();
      this.#observe('ok');
      this.#lastFailure = undefined;
      return held;
    } catch (error) {
      this.#observe('failed');
      const now = this.#clock.now();
      const retryAfterMs = waitMsOf(retryAfterOf(error), now);
      this.#nextAttemptAt = now + Math.max(this.#backoff.fail(), retryAfterMs);
      this.#lastFailure = { error, askedToWait: retryAfterMs > 0 };
      this.#logger.error({ failures: this.#backoff.failures, err: error }, 'no service token could be had');
      throw this.#failure(this.#lastFailure);
    }
  }

  #failure({ error, askedToWait }: LastFailure): GatewayError {
    const seconds = Math.max(1, Math.ceil((this.#nextAttemptAt - this.#clock.now()) / 1000));
    const timedOut = error instanceof ExchangeError && error.kind === 'timeout';
    return new GatewayError(timedOut ? 'service-token-timeout' : 'service-token-unavailable', {
      context: { sent: 'no' },
      ...(askedToWait ? { headers: { 'Retry-After': String(seconds) } } : {}),
      proxyError: error instanceof ExchangeError ? error.proxyError : 'proxy_configuration_error',
      cause: error,
    });
  }
}
