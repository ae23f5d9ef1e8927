// What must not happen on a calm day, and may while something is disturbed: codes of refusals, and lines of the log. An excuse
// holds for what began before the disturbance was over, and no longer.

export interface Excuse {
  /** Codes of the gateway's problems; `upstream` stands for an answer that Aerospike Cloud gave itself. */
  readonly codes?: readonly string[];
  /** Of log lines that want an operator. */
  readonly logs?: RegExp;
}

interface Lasting extends Excuse {
  endedAt: number;
}

export class Tolerance {
  readonly #excuses: Lasting[] = [];

  /** Holds while `act` works, and for `afterMs` from then. */
  async during<Result>(excuse: Excuse, act: () => Promise<Result>, afterMs = 0): Promise<Result> {
    const lasting = { ...excuse, endedAt: Number.POSITIVE_INFINITY };
    this.#excuses.push(lasting);
    try {
      return await act();
    } finally {
      lasting.endedAt = performance.now() + afterMs;
    }
  }

  /** `began`: when the request was sent, on the clock of `performance`. */
  excuses(code: string, began: number): boolean {
    return this.#excuses.some(({ codes, endedAt }) => codes?.includes(code) === true && began < endedAt);
  }

  excusesLog(line: string): boolean {
    const now = performance.now();
    return this.#excuses.some(({ logs, endedAt }) => logs?.test(line) === true && now < endedAt);
  }
}
