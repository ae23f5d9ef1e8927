// Leaves an upstream alone that keeps failing: after so many failures in a row requests are refused at once, and one is let
// through now and then to see whether it is well. Any good answer below 500 says that it is.
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

const failuresInARow = 10;
const pauseMs = 5000;

export class Breaker {
  readonly #policy: CircuitBreakerPolicy;
  #retryAt = 0;

  /** `what` is left alone, in words for the log. */
  constructor(logger: Logger, what: string) {
    this.#policy = circuitBreaker(
      handleWhen((error) => error instanceof ExchangeError).orWhenResult(
        (result) => (result as { readonly status: number }).status >= 500,
      ),
      { halfOpenAfter: pauseMs, breaker: new ConsecutiveBreaker(failuresInARow) },
    );
    this.#policy.onBreak(() => {
      this.#retryAt = Date.now() + pauseMs;
      logger.error(`Aerospike Cloud keeps failing: ${what} are refused for a moment`);
    });
    this.#policy.onReset(() => logger.info(`Aerospike Cloud answers again: ${what} are served`));
  }

  /** Are requests refused, but for one now and then? */
  get open(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** Throws `circuit-open` when `run` would refuse at the moment; for what has to be done before it. */
  refuseIfOpen(): void {
    const { state } = this.#policy;
    const pausing = state === CircuitState.Open && Date.now() < this.#retryAt;
    // While one request tries, the others must not wait for what becomes of it.
    if (pausing || state === CircuitState.HalfOpen) throw this.#leftAlone();
  }

  /** Rejects with `circuit-open` without a call, or as `call` does. Of the result only the status counts. */
  async run<Result extends { readonly status: number }>(call: () => Promise<Result>): Promise<Result> {
    this.refuseIfOpen();
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#leftAlone() : error;
    }
  }

  #leftAlone(): GatewayError {
    const seconds = Math.ceil((this.#retryAt - Date.now()) / 1000);
    return new GatewayError('circuit-open', {
      headers: { 'Retry-After': String(Math.max(seconds, 1)) },
      context: { sent: 'no' },
    });
  }
}
