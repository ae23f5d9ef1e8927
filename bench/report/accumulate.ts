// Rounds of several runs as one result: only of the same commit, machine, algorithm and plan, so that no figure mixes two programs.
import { isDeepStrictEqual } from 'node:util';
import type { Plan, Samples } from '../stand/measure.ts';

/** What a run was made of; it is saved with its rounds. */
export interface Run {
  readonly machine: string;
  /** Which commit. */
  readonly peergate: string;
  readonly algorithm: string;
  readonly date: string;
  readonly plan: Plan;
}

type Round = Record<string, Samples>;

/** The rounds in `compare.json`. Throws when there are none, or when they are of something else than `run`. */
export function savedRun(text: string | undefined, run: Run): readonly Round[] {
  if (text === undefined) throw new Error('--add: there is no earlier run in bench/results/compare.json');
  const saved = JSON.parse(text) as Run & { readonly rounds: readonly Round[] };
  for (const part of ['machine', 'peergate', 'algorithm'] as const)
    if (saved[part] !== run[part])
      throw new Error(`--add: the earlier run is of another ${part}: ${saved[part]}, not ${run[part]}`);
  // How many rounds each run adds may differ.
  const plans = [saved.plan, run.plan].map(({ rounds: _rounds, ...plan }) => plan);
  if (!isDeepStrictEqual(plans[0], plans[1])) throw new Error('--add: the earlier run has another plan');
  if (run.peergate.endsWith('changed')) throw new Error('--add: the source differs from the commit');
  return saved.rounds;
}

export const addRounds = (earlier: readonly Round[], rounds: readonly Round[]): readonly Round[] => [
  ...earlier,
  ...rounds,
];
