// Exponential backoff: how long to wait before the next attempt, from the failures since the last success.

export interface BackoffLimits {
  /** After the first failure, in milliseconds; doubled after each further one. */
  readonly minMs: number;
  readonly maxMs: number;
}

export class Backoff {
  readonly #limits: BackoffLimits;
  #failures = 0;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure. Returns the milliseconds to wait. */
  fail(): number {
    const { minMs, maxMs } = this.#limits;
    const waitMs = Math.min(minMs * 2 ** this.#failures, maxMs);
    this.#failures += 1;
    return waitMs;
  }

  succeed(): void {
    this.#failures = 0;
  }
}
