// Takes one candidate through its measurements in one round, in a new process. Every answer has to be the expected
// one: a number of refusals would be worth nothing.
import type { DeckShape } from '../load/deck.ts';
import type { LoadJob, LoadOutcome, WarmUp } from '../load/job.ts';
import type { Candidate, Measure } from './candidate.ts';
import { type RunningCandidate, runNamed } from './run-candidate.ts';
import type { Stand } from './stand.ts';

export interface Plan {
  readonly rounds: number;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly warmTokens: number;
  /** Tokens that are sent once each, in each round. */
  readonly newTokens: number;
  /** From the start of the process, and again before each later measurement. */
  readonly firstWarm: WarmUp;
  readonly warm: WarmUp;
  readonly measuredMs: Readonly<Record<Measure, number>>;
}

export const fullPlan: Plan = {
  rounds: 10,
  inFlight: 64,
  perSecond: 500,
  warmTokens: 100,
  newTokens: 10_000,
  // The compiler needs some thousand requests; a slow candidate must not take the whole run for them.
  firstWarm: { minMs: 800, requests: 5_000, maxMs: 3_000 },
  warm: { minMs: 200, requests: 0, maxMs: 200 },
  measuredMs: { create: 1000, rate: 900, list: 500, 'new tokens': 800, 'create 32': 900 },
};

export const quickPlan: Plan = {
  ...fullPlan,
  rounds: 2,
  newTokens: 6_000,
  firstWarm: { minMs: 600, requests: 2_500, maxMs: 1_200 },
  measuredMs: { create: 600, rate: 600, list: 400, 'new tokens': 500, 'create 32': 500 },
};

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
}

export type Samples = Partial<Record<Measure, Sample>>;

export async function measureCandidate(stand: Stand, candidate: Candidate, plan: Plan): Promise<Samples> {
  const running = await runNamed(stand, candidate);
  try {
    const samples: Samples = {};
    let warm = plan.firstWarm;
    for (const measure of candidate.measures) {
      const job = jobOf(stand, running, measure, { plan, warm });
      samples[measure] = sampleOf(await stand.load(job, running.pid));
      warm = plan.warm;
    }
    return samples;
  } catch (error) {
    throw new Error(`${candidate.name}: ${(error as Error).message}\n${running.log().slice(-2000)}`);
  } finally {
    await running.stop();
  }
}

function jobOf(
  stand: Stand,
  running: RunningCandidate,
  measure: Measure,
  { plan, warm }: { plan: Plan; warm: WarmUp },
): Omit<LoadJob, 'watch'> {
  const isNew = measure === 'new tokens';
  const deck: DeckShape = {
    kind: measure === 'list' ? 'list' : 'create',
    tokenFile: stand.tokenFile,
    firstToken: isNew ? plan.warmTokens : 0,
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
  const { requests, seconds, p50Ms, p99Ms, lateMs, residentMb } = outcome;
  if (requests === 0) throw new Error('nothing was measured: too few tokens, or too short a time');
  return {
    throughput: requests / seconds,
    ...{ p50Ms, p99Ms, lateMs, residentMb },
    cpuUs: (outcome.candidateSeconds / requests) * 1e6,
    candidateShare: outcome.candidateSeconds / seconds,
    generatorShare: outcome.generatorSeconds / seconds,
    upstreamShare: outcome.upstreamSeconds / seconds,
    foreignShare: outcome.foreignSeconds / seconds,
    loadForeignShare: outcome.loadForeignSeconds / seconds,
  };
}
