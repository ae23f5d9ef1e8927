// What peergate has to reach against each peer, as ratios within a round: with its default settings, and beside that
// in the two ways in which it makes as many requests upstream as its peers.
import type { Measure } from '../stand/candidate.ts';
import type { Sample } from '../stand/measure.ts';
import { type Rounds, valuesOf } from './results.ts';
import { pairedRatios, type Range, rangeOf } from './statistics.ts';

interface Target {
  readonly title: string;
  /** Whose figure is divided by whose. */
  readonly ours: string;
  readonly theirs: string;
  readonly measure: Measure;
  readonly metric: keyof Sample;
  readonly bound: number;
  readonly atMost?: boolean;
}

const throughput = { ours: 'peergate', measure: 'create', metric: 'throughput' } as const;

export const targets: readonly Target[] = [
  { ...throughput, title: '`limit`', theirs: 'limit', bound: 0.75 },
  { ...throughput, title: '`typical`', theirs: 'typical', bound: 8 },
  { ...throughput, title: '`fastify` with cache', theirs: 'fastify-cache', bound: 1.9 },
  { ...throughput, title: '`fastify` without', theirs: 'fastify', bound: 2.8 },
  { ...throughput, title: '`haproxy`', theirs: 'haproxy', bound: 0.8 },
  {
    ...{ ...throughput, title: '`limit-auth`, every token new', theirs: 'limit-auth' },
    ...{ measure: 'new tokens', bound: 1 },
  },
  {
    ...{ ...throughput, title: 'p50 at 500 requests/s against `limit`', theirs: 'limit' },
    ...{ measure: 'rate', metric: 'p50Ms', bound: 1.25, atMost: true },
  },
  {
    ...{ ...throughput, title: 'durable file at 32 in flight against stdout', ours: 'peergate-file' },
    ...{ theirs: 'peergate', measure: 'create 32', bound: 0.7 },
  },
];

export interface Verdict {
  readonly ratios: readonly number[];
  readonly range: Range;
  readonly reached: boolean;
}

/** `undefined` when either side was not measured. */
export function judge(rounds: Rounds, target: Target): Verdict | undefined {
  const { ours, theirs, measure, metric, bound, atMost } = target;
  const ratios = pairedRatios(
    valuesOf(rounds, ours, measure, metric),
    valuesOf(rounds, theirs, measure, metric),
  );
  const range = rangeOf(ratios);
  if (range === undefined) return undefined;
  return { ratios, range, reached: atMost === true ? range.median <= bound : range.median >= bound };
}

/** The same target where peergate makes one request upstream for one of the caller's. */
export function likeForLike(target: Target): { withoutPreflight: Target; list: Target } | undefined {
  if (target.ours !== 'peergate') return undefined;
  return {
    withoutPreflight: { ...target, ours: 'peergate-no-preflight' },
    list: { ...target, measure: target.measure === 'create' ? 'list' : target.measure },
  };
}

/** The same target for `limit`: what nothing but the platform comes to. */
export const ofLimit = (target: Target): Target | undefined =>
  target.measure === 'create' && target.theirs !== 'limit' ? { ...target, ours: 'limit' } : undefined;

export type { Target };
