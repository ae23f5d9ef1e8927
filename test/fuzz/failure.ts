// A case that broke a promise: what happened, how to have it again, and how to keep it.
import { inspect } from 'node:util';

export interface FailedCase {
  /** Of the batch, and the place in it: they name the case for ever. */
  readonly seed: number;
  readonly index: number;
  readonly fuzz: unknown;
}

const maxShown = 4000;

export class FuzzFailure extends Error {
  constructor(
    surface: string,
    { seed, index, fuzz }: FailedCase,
    cause: unknown,
    more: readonly string[] = [],
  ) {
    const message = cause instanceof Error ? cause.message : inspect(cause);
    const again = `npm run fuzz -- --surface ${surface} --seed ${seed} --path ${index}`;
    super(
      [
        `${surface}, case ${index} of the batch with seed ${seed}: ${message}`,
        `again, and shrunk: ${again}`,
        `into the corpus: ${again} --save WHAT-IT-FOUND`,
        `the case: ${JSON.stringify(fuzz).slice(0, maxShown)}`,
        ...more.slice(0, 3),
      ].join('\n'),
      { cause },
    );
  }
}
