// A circuit breaker. After several consecutive failures it refuses requests at once, except for an occasional probe. A valid
// answer below 500 closes it again.
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { ExchangeError } from '../outbound/failures.ts';

const maxFailures = 10;
const pauseMs = 5000;

export class Breaker {
  readonly #policy: CircuitBreakerPolicy;
  #retryAt = 0;

  /** `requests` names the requests in log messages. */
  constructor(logger: Logger, requests: string) {
    this.#policy = circuitBreaker(
      handleWhen((error) => error instanceof ExchangeError).orWhenResult(
        (result) => (result as { readonly status: number }).status >= 500,
      ),
      { halfOpenAfter: pauseMs, breaker: new ConsecutiveBreaker(maxFailures) },
    );
    this.#policy.onBreak(() => {
      this.#retryAt = Date.now() + pauseMs;
      logger.error(`circuit breaker open: ${requests} are refused since Aerospike Cloud keeps failing`);
    });
    this.#policy.onReset(() => logger.info(`circuit breaker closed: ${requests} are served again`));
  }

  /** Are requests refused, except for probes? */
  get open(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** Throws `circuit-open` if `run` would refuse now. For work that precedes `run`. */
  refuseIfOpen(): void {
    const { state } = this.#policy;
    const pausing = state === CircuitState.Open && Date.now() < this.#retryAt;
    // Other requests do not wait for the result of the probe.
    if (pausing || state === CircuitState.HalfOpen) throw this.#circuitOpen();
  }

  /** Rejects with `circuit-open` without calling, or as `call` does. Only the status of the result matters. */
  async run<Result extends { readonly status: number }>(call: () => Promise<Result>): Promise<Result> {
    this.refuseIfOpen();
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#circuitOpen() : error;
    }
  }

  #circuitOpen(): GatewayError {
    const seconds = Math.ceil((this.#retryAt - Date.now()) / 1000);
    return new GatewayError('circuit-open', {
      headers: { 'Retry-After': String(Math.max(seconds, 1)) },
      context: { sent: 'no' },
    });
  }
}
