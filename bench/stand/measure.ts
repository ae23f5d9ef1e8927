// Warms a candidate up and takes it through its measurements, once a round. Every answer has to be the expected one: a
// number of refusals would be worth nothing.
import type { DeckShape } from '../load/deck.ts';
import type { LoadJob, LoadOutcome, WarmUp } from '../load/job.ts';
import type { Candidate, Measure } from './candidate.ts';
import { type RunningCandidate, runNamed } from './run-candidate.ts';
import type { Stand } from './stand.ts';

export interface Plan {
  readonly rounds: number;
  /** Each process is measured in so many rounds; then every candidate gets a new one. */
  readonly roundsPerProcess: number;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly warmTokens: number;
  /** Tokens that are sent once each, in each round. */
  readonly newTokens: number;
  /** From the start of the process, and again before each measurement. */
  readonly firstWarm: WarmUp;
  readonly warm: WarmUp;
  readonly measuredMs: Readonly<Record<Measure, number>>;
}

export const fullPlan: Plan = {
  rounds: 12,
  roundsPerProcess: 4,
  inFlight: 64,
  perSecond: 500,
  warmTokens: 100,
  newTokens: 4_000,
  // The compiler is done after some ten thousand requests; a slow candidate must not take the whole run for them.
  firstWarm: { minMs: 800, requests: 30_000, maxMs: 10_000 },
  warm: { minMs: 300, requests: 0, maxMs: 300 },
  measuredMs: { create: 1000, rate: 1400, list: 500, 'new tokens': 800, 'create 32': 900 },
};

export const quickPlan: Plan = {
  ...fullPlan,
  rounds: 2,
  roundsPerProcess: 2,
  firstWarm: { ...fullPlan.firstWarm, maxMs: 4_000 },
  measuredMs: { create: 600, rate: 600, list: 400, 'new tokens': 500, 'create 32': 500 },
};

/** All tokens that a run needs: a process gets none of the new ones twice, its warm-up included. */
export const tokensOf = ({ warmTokens, newTokens, roundsPerProcess }: Plan): number =>
  warmTokens + newTokens * (roundsPerProcess + 1);

/** One measurement of one candidate in one round. */
export interface Sample {
  /** Requests a second. */
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lateMs: number;
  /** Of the candidate, for one request. */
  readonly cpuUs: number;
  /** Shares of a core in the measured time, 1 being all of it. */
  readonly candidateShare: number;
  readonly generatorShare: number;
  readonly upstreamShare: number;
  readonly foreignShare: number;
  readonly loadForeignShare: number;
  readonly residentMb: number;
  /** That the process had answered when its warm-up ended; less than the plan's when the time for it was over. */
  readonly warmUpRequests: number;
}

export type Samples = Partial<Record<Measure, Sample>>;

/** A candidate's process in the rounds that it is measured in. */
export interface Measured {
  /** Rejects when an answer is not the expected one. */
  round(): Promise<Samples>;
  stop(): Promise<void>;
}

/** Starts a process of the candidate and warms it up: creates until it is warm, then a while whatever else it is measured by. */
export async function startMeasured(stand: Stand, candidate: Candidate, plan: Plan): Promise<Measured> {
  const running = await runNamed(stand, candidate);
  const { name, measures } = candidate;
  let rounds = 0;
  const load = (measure: Measure, warm: WarmUp) =>
    stand.load(jobOf(stand, running, measure, { plan, warm, rounds }), running.pid).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}\n${running.log().slice(-2000)}`);
    });
  try {
    const { warmUpRequests } = await load('create', plan.firstWarm);
    for (const measure of measures) if (!measure.startsWith('create')) await load(measure, plan.warm);
    return {
      async round() {
        rounds += 1;
        const samples: Samples = {};
        for (const measure of measures)
          samples[measure] = { ...sampleOf(await load(measure, plan.warm)), warmUpRequests };
        return samples;
      },
      stop: running.stop,
    };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function jobOf(
  stand: Stand,
  running: RunningCandidate,
  measure: Measure,
  { plan, warm, rounds }: { plan: Plan; warm: WarmUp; rounds: number },
): Omit<LoadJob, 'watch'> {
  const isNew = measure === 'new tokens';
  const deck: DeckShape = {
    kind: measure === 'list' ? 'list' : 'create',
    tokenFile: stand.tokenFile,
    firstToken: isNew ? plan.warmTokens + rounds * plan.newTokens : 0,
    tokens: isNew ? plan.newTokens : plan.warmTokens,
    once: isNew,
  };
  const inFlight = measure === 'create 32' ? 32 : plan.inFlight;
  return {
    port: running.port,
    deck,
    expected: measure === 'list' ? 200 : 201,
    load: measure === 'rate' ? { perSecond: plan.perSecond } : { inFlight },
    warm,
    measuredMs: plan.measuredMs[measure],
  };
}

export function sampleOf(outcome: LoadOutcome): Sample {
  const { requests, seconds, p50Ms, p99Ms, lateMs, residentMb, warmUpRequests } = outcome;
  if (requests === 0) throw new Error('nothing was measured: too few tokens, or too short a time');
  return {
    throughput: requests / seconds,
    ...{ p50Ms, p99Ms, lateMs, residentMb, warmUpRequests },
    cpuUs: (outcome.candidateSeconds / requests) * 1e6,
    candidateShare: outcome.candidateSeconds / seconds,
    generatorShare: outcome.generatorSeconds / seconds,
    upstreamShare: outcome.upstreamSeconds / seconds,
    foreignShare: outcome.foreignSeconds / seconds,
    loadForeignShare: outcome.loadForeignSeconds / seconds,
  };
}
