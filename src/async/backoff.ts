// Exponential backoff: the pause before the next attempt, by the number of failures since the last success.

interface BackoffLimits {
  /** The pause after the first failure. It doubles with each further failure. */
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

  /** Counts a failure. Returns the pause in milliseconds. */
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
