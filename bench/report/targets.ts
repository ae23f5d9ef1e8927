// What peergate has to reach against each peer, as ratios within a round: with its default settings, and with
// `PREFLIGHT=off`, where it makes as many requests upstream as its peers.
import type { Measure } from '../stand/candidate.ts';
import type { Sample } from '../stand/measure.ts';
import { type Rounds, valuesOf } from './results.ts';
import { pairedRatios, type Range, rangeOf } from './statistics.ts';

/** `undefined` as a bound: the ratio is shown and not judged. */
export interface Target {
  readonly title: string;
  /** By whose figure that of peergate is divided. */
  readonly theirs: string;
  readonly measure: Measure;
  readonly metric: keyof Sample;
  readonly atMost?: boolean;
  readonly defaultSettings: { readonly ours: string; readonly bound: number | undefined };
  readonly withoutPreflight?: { readonly ours: string; readonly bound: number | undefined };
  /** What peergate does and the peer does not. */
  readonly peerLacks: string;
}

const bounds = (defaultSettings: number | undefined, withoutPreflight: number | undefined) => ({
  defaultSettings: { ours: 'peergate', bound: defaultSettings },
  withoutPreflight: { ours: 'peergate-no-preflight', bound: withoutPreflight },
});
const throughput = { measure: 'create', metric: 'throughput' } as const;
const noAudit = 'no audit record, network check, idempotency or policy file';
const nothing = 'checks and records nothing: it passes bytes on';

export const targets: readonly Target[] = [
  { ...throughput, title: '`limit`', theirs: 'limit', ...bounds(0.4, 0.6), peerLacks: nothing },
  {
    ...{ ...throughput, title: '`limit-dispatch`', theirs: 'limit-dispatch' },
    ...{ ...bounds(undefined, undefined), peerLacks: nothing },
  },
  {
    ...{ ...throughput, title: '`fastify` with token cache', theirs: 'fastify', ...bounds(1, 1.5) },
    peerLacks: `${noAudit}; an unknown or repeated member passes; the key is read once`,
  },
  {
    ...{ ...throughput, title: '`typical` Express', theirs: 'typical', ...bounds(4, 6.5) },
    peerLacks: `${noAudit}; an unknown or repeated member passes; no limit per caller`,
  },
  {
    ...{ ...throughput, title: '`haproxy`', theirs: 'haproxy', ...bounds(0.2, 0.32) },
    peerLacks: `${noAudit}; an unknown or repeated member and host bits pass; the key is a file, the service token is fixed`,
  },
  {
    ...{ ...throughput, title: '`limit-auth`, every token new', theirs: 'limit-auth', ...bounds(0.55, 0.7) },
    ...{ measure: 'new tokens', peerLacks: `${noAudit}, rate limit or metrics; a repeated member passes` },
  },
  ...(['p50', 'p99'] as const).map((name) => ({
    ...{ title: `${name} at 500 requests/s against \`limit\``, theirs: 'limit', atMost: true },
    ...({ measure: 'rate', metric: `${name}Ms`, peerLacks: nothing } as const),
    ...(name === 'p50' ? bounds(1.8, 1.3) : bounds(2, 2)),
  })),
  {
    ...{ ...throughput, measure: 'create 32', title: 'durable file at 32 in flight against stdout' },
    ...{ theirs: 'peergate', defaultSettings: { ours: 'peergate-file', bound: 0.8 } },
    peerLacks: 'its records can be lost with the machine',
  },
];

export interface Verdict {
  readonly ratios: readonly number[];
  readonly range: Range;
  /** `undefined`: there is no bound. */
  readonly reached: boolean | undefined;
}

/** `undefined` when either side was not measured. */
export function judge(
  rounds: Rounds,
  { theirs, measure, metric, atMost }: Target,
  { ours, bound }: Target['defaultSettings'],
): Verdict | undefined {
  const ratios = pairedRatios(
    valuesOf(rounds, ours, measure, metric),
    valuesOf(rounds, theirs, measure, metric),
  );
  const range = rangeOf(ratios);
  if (range === undefined) return undefined;
  if (bound === undefined) return { ratios, range, reached: undefined };
  return { ratios, range, reached: atMost === true ? range.median <= bound : range.median >= bound };
}
