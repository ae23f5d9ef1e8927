// A circuit breaker. After several consecutive failures it refuses requests at once, except for an occasional probe. A valid
// answer below 500 closes it again.
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { ExchangeError } from '../outbound/failures.ts';

const maxFailures = 10;
const pauseMs = 5000;

export class Breaker {
  readonly #logger: Logger;
  readonly #requests: string;
  /** Consecutive. */
  #failures = 0;
  /** When the next probe may be sent, while the circuit is open. */
  #retryAt: number | undefined;
  #probing = false;

  /** `requests` names the requests in log messages. */
  constructor(logger: Logger, requests: string) {
    this.#logger = logger;
    this.#requests = requests;
  }

  /** Are requests refused, except for probes? */
  get open(): boolean {
    return this.#retryAt !== undefined;
  }

  /** Throws `circuit-open` if `run` would refuse now. For work that precedes `run`. */
  refuseIfOpen(): void {
    if (this.#retryAt === undefined) return;
    // Other requests do not wait for the result of the probe.
    if (this.#probing || Date.now() < this.#retryAt) throw circuitOpen(this.#retryAt);
  }

  /** Rejects with `circuit-open` without calling, or as `call` does. Only the status of the result matters. */
  async run<Result extends { readonly status: number }>(call: () => Promise<Result>): Promise<Result> {
    this.refuseIfOpen();
    const isProbe = this.open;
    this.#probing = isProbe;
    try {
      const result = await call();
      if (result.status >= 500) this.#failed(isProbe);
      else this.#succeeded(isProbe);
      return result;
    } catch (error) {
      if (error instanceof ExchangeError) this.#failed(isProbe);
      throw error;
    } finally {
      if (isProbe) this.#probing = false;
    }
  }

  #failed(isProbe: boolean): void {
    this.#failures += 1;
    // A request that was sent before the circuit opened does not prolong the pause.
    if (!isProbe && (this.open || this.#failures < maxFailures)) return;
    this.#retryAt = Date.now() + pauseMs;
    this.#logger.error(
      `circuit breaker open: ${this.#requests} are refused because Aerospike Cloud keeps failing`,
    );
  }

  #succeeded(isProbe: boolean): void {
    this.#failures = 0;
    if (!isProbe) return;
    this.#retryAt = undefined;
    this.#logger.info(`circuit breaker closed: ${this.#requests} are served again`);
  }
}

function circuitOpen(retryAt: number): GatewayError {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  return new GatewayError('circuit-open', {
    headers: { 'Retry-After': String(Math.max(seconds, 1)) },
    context: { sent: 'no' },
  });
}
