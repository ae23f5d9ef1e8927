// The samples of a whole run, by round, candidate and measurement, and how reports look at them.
import type { Measure } from '../stand/candidate.ts';
import type { Sample, Samples } from '../stand/measure.ts';

/** One a round: what each candidate gave. */
export type Rounds = readonly Readonly<Record<string, Samples>>[];

/** Round by round; `undefined` where a candidate was not measured. */
export function valuesOf(
  rounds: Rounds,
  candidate: string,
  measure: Measure,
  metric: keyof Sample,
): (number | undefined)[] {
  return rounds.map((round) => round[candidate]?.[measure]?.[metric]);
}

export const known = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value) => value !== undefined);
