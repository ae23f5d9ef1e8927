// The gateway's own access token for Aerospike Cloud. Concurrent callers share one token request. The token is renewed in the
// background before it expires, and stays in use during an outage of the token endpoint.
import { Backoff } from '../async/backoff.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { ExchangeError, retryAfterOf } from '../outbound/failures.ts';
import { waitMsOf } from '../outbound/retry-after.ts';
import type { IssuedToken } from './token-request.ts';

/** Renewal begins when a fifth of the lifetime is left, but at most five minutes before the end. */
const renewalShare = 0.2;
const maxRenewalMs = 300_000;
/** A token is not used for new requests this long before its end. */
const marginMs = 1000;

interface CurrentToken {
  readonly value: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

interface LastFailure {
  readonly error: unknown;
  readonly hasRetryAfter: boolean;
}

export interface ServiceTokenServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after each token request. */
  readonly observe?: (result: 'ok' | 'failed') => void;
}

export class ServiceToken {
  readonly #request: () => Promise<IssuedToken>;
  readonly #services: ServiceTokenServices;
  #current: CurrentToken | undefined;
  #pending: Promise<CurrentToken> | undefined;
  readonly #backoff = new Backoff({ minMs: 500, maxMs: 10_000 });
  #nextAttemptAt = 0;
  #lastFailure: LastFailure | undefined;

  constructor(request: () => Promise<IssuedToken>, services: ServiceTokenServices) {
    this.#request = request;
    this.#services = services;
  }

  /**
   * A valid token. Rejects with `service-token-unavailable` or `service-token-timeout`. A `Retry-After` of the endpoint is
   * respected and passed on.
   */
  async get(): Promise<string> {
    const current = this.#current;
    const now = this.#services.clock.now();
    if (current === undefined || now >= current.endsAt) return (await this.#renewed()).value;
    if (now >= current.renewAt) this.#renewed().catch(() => undefined);
    return current.value;
  }

  /** Discards a token that the upstream refused. A newer one stays. */
  invalidate(token: string): void {
    if (this.#current?.value === token) this.#current = undefined;
  }

  #renewed(): Promise<CurrentToken> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#lastFailure !== undefined && this.#services.clock.now() < this.#nextAttemptAt) {
      return Promise.reject(this.#failure(this.#lastFailure));
    }
    this.#pending = this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #renew(): Promise<CurrentToken> {
    const { clock, logger, observe } = this.#services;
    try {
      const { value, lifetimeMs } = await this.#request();
      const now = clock.now();
      const endsAt = now + Math.max(lifetimeMs - marginMs, 0);
      const current = { value, endsAt, renewAt: endsAt - Math.min(lifetimeMs * renewalShare, maxRenewalMs) };
      this.#current = current;
      this.#backoff.succeed();
      observe?.('ok');
      this.#lastFailure = undefined;
      return current;
    } catch (error) {
      observe?.('failed');
      const now = clock.now();
      const retryAfterMs = waitMsOf(retryAfterOf(error), now);
      this.#nextAttemptAt = now + Math.max(this.#backoff.fail(), retryAfterMs);
      this.#lastFailure = { error, hasRetryAfter: retryAfterMs > 0 };
      logger.error({ failures: this.#backoff.failures, err: error }, 'failed to obtain a service token');
      throw this.#failure(this.#lastFailure);
    }
  }

  #failure({ error, hasRetryAfter }: LastFailure): GatewayError {
    const seconds = Math.max(1, Math.ceil((this.#nextAttemptAt - this.#services.clock.now()) / 1000));
    const timedOut = error instanceof ExchangeError && error.kind === 'timeout';
    return new GatewayError(timedOut ? 'service-token-timeout' : 'service-token-unavailable', {
      context: { sent: 'no' },
      ...(hasRetryAfter ? { headers: { 'Retry-After': String(seconds) } } : {}),
      proxyError: error instanceof ExchangeError ? error.proxyError : 'proxy_configuration_error',
      cause: error,
    });
  }
}
