// Keeps a part of the requests that may be in flight for those that need no upstream, so that a hung one takes neither
// denials nor anything else with it.
import { type BulkheadPolicy, BulkheadRejectedError, bulkhead } from 'cockatiel';
import { GatewayError } from '../errors.ts';

export class Bulkhead {
  readonly #policy: BulkheadPolicy;

  /** A sixteenth of `maxInFlight`, 32 at most, is kept free; of fewer than 16, nothing. */
  constructor(maxInFlight: number) {
    this.#policy = bulkhead(maxInFlight - Math.min(32, Math.floor(maxInFlight / 16)));
  }

  /** Rejects with `overloaded` without a call, or as `call` does. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw new GatewayError('overloaded', { headers: { 'Retry-After': '1' } });
    }
  }
}
