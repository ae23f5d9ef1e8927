// The comparison: proves what every candidate does, then measures all of them in rounds, in an order that changes from
// round to round, and writes what came of it.

import { progress } from './progress.ts';
import { addRounds, savedRun } from './report/accumulate.ts';
import { type Comparison, compareChart, compareReport, targetTable } from './report/compare-report.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { readResult, writeResults } from './report/write-results.ts';
import type { Candidate } from './stand/candidate.ts';
import { candidates as all } from './stand/candidates.ts';
import {
  fullPlan,
  type Measured,
  type Plan,
  quickPlan,
  type Sample,
  type Samples,
  sampleOf,
  startMeasured,
  tokensOf,
} from './stand/measure.ts';
import { type Proof, prove } from './stand/prove.ts';
import { runCandidate } from './stand/run-candidate.ts';
import { benchFolder, openStand, type Stand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

export interface CompareOptions {
  readonly quick: boolean;
  readonly only: readonly string[] | undefined;
  readonly rounds: number | undefined;
  /** The rounds of `bench/results/compare.json` count, too. */
  readonly add: boolean;
  readonly algorithm: Algorithm;
}

/** Rounds that a result needs to be relied on. */
const wholeRounds = 10;

export async function compare({ quick, only, rounds, add, algorithm }: CompareOptions): Promise<void> {
  const base = quick ? quickPlan : fullPlan;
  const plan: Plan = { ...base, rounds: rounds ?? base.rounds };
  const run = {
    ...{ machine: describeMachine(), peergate: describeCommit().trim() },
    ...{ date: new Date().toISOString().slice(0, 10), algorithm, plan },
  };
  // Before anything is measured: rounds that do not belong together end the run.
  const earlier = add ? savedRun(readResult('compare.json'), run) : [];
  const { candidates, missing } = present(
    all.filter(({ name }) => only === undefined || only.includes(name)),
  );
  const show = (text: string) => progress(`\r${text}\x1b[K`);
  const stand = await openStand({ algorithm, tokens: tokensOf(plan), progress: show });
  try {
    const proofs = new Map<string, Proof>();
    for (const candidate of candidates) {
      show(`proving what ${candidate.name} does`);
      proofs.set(candidate.name, await prove(stand, candidate));
    }
    show('measuring the load generator');
    const ceiling = await measureCeiling(stand, plan);
    const measured = addRounds(earlier, await measureRounds(stand, plan, candidates, show));
    progress('\r\x1b[K');
    const comparison: Comparison = { ...run, candidates, missing, proofs, ceiling, rounds: measured };
    const whole = !quick && only === undefined && measured.length >= wholeRounds;
    const folder = writeResults(
      {
        'compare.md': compareReport(comparison),
        'compare.svg': compareChart(comparison),
        'compare.json': `${JSON.stringify({ ...run, rounds: measured }, rounded, 1)}\n`,
      },
      whole,
    );
    console.log(targetTable(comparison));
    console.log(`\nThe rest is in ${folder.startsWith(benchFolder) ? 'bench/results' : folder}/compare.md`);
  } finally {
    await stand.close();
  }
}

function present(wanted: readonly Candidate[]): Pick<Comparison, 'candidates' | 'missing'> {
  const missing = wanted.flatMap((candidate) => {
    const reason = candidate.missing();
    return reason === undefined ? [] : [{ name: candidate.name, reason }];
  });
  for (const { name, reason } of missing) console.error(`left out: ${name}, ${reason}`);
  return { candidates: wanted.filter((candidate) => candidate.missing() === undefined), missing };
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value;

/** All candidates run at once, and all but the one that is measured are idle. */
async function measureRounds(
  stand: Stand,
  plan: Plan,
  candidates: readonly Candidate[],
  show: (text: string) => void,
): Promise<Record<string, Samples>[]> {
  const rounds: Record<string, Samples>[] = [];
  while (rounds.length < plan.rounds) {
    const running: [string, Measured][] = [];
    try {
      for (const candidate of rotate(candidates, rounds.length)) {
        show(`round ${rounds.length + 1} of ${plan.rounds}: ${candidate.name} warms up`);
        running.push([candidate.name, await startMeasured(stand, candidate, plan)]);
      }
      const last = Math.min(rounds.length + plan.roundsPerProcess, plan.rounds);
      while (rounds.length < last) {
        const samples: Record<string, Samples> = {};
        for (const [name, measured] of rotate(running, rounds.length)) {
          show(`round ${rounds.length + 1} of ${plan.rounds}: ${name}`);
          samples[name] = await measured.round();
        }
        rounds.push(samples);
      }
    } finally {
      for (const [, measured] of running) await measured.stop();
    }
  }
  return rounds;
}

/** Nobody is always the one after the slowest, or the first on a core that has cooled down. */
export const rotate = <T>(list: readonly T[], by: number): T[] =>
  list.map((_, index) => list[(index + by) % list.length] as T);

async function measureCeiling(stand: Stand, plan: Plan): Promise<{ alone: Sample; shared: Sample }> {
  const { tokenFile } = stand;
  const deck = { kind: 'create', tokenFile, firstToken: 0, tokens: plan.warmTokens, once: false } as const;
  const job = { deck, load: { inFlight: plan.inFlight }, warm: plan.firstWarm, measuredMs: 1000 };
  const answering = await runCandidate(
    stand,
    ({ port }) => ({
      command: process.execPath,
      args: [`${benchFolder}servers/upstream.ts`],
      env: { PORT: String(port), UNCHECKED: '1' },
    }),
    'ceiling',
  );
  const alone = await stand.load({ ...job, port: answering.port, expected: 201 }, answering.pid);
  await answering.stop();
  // It knows none of the callers' tokens, and refuses them as fast as it would answer.
  const shared = await stand.load({ ...job, port: stand.upstreamPort, expected: 401 }, stand.upstreamPid);
  return { alone: sampleOf(alone), shared: sampleOf(shared) };
}
