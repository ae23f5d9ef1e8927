// The comparison as a document and a picture: the targets first, then every figure with its range, what the machine
// was doing meanwhile, and what each candidate was proven to do.
import type { Candidate, Measure } from '../stand/candidate.ts';
import type { Sample } from '../stand/measure.ts';
import { everyProbe, probes } from '../stand/probe.ts';
import type { Proof } from '../stand/prove.ts';
import type { Run } from './accumulate.ts';
import { barChart, type Panel } from './bar-chart.ts';
import { known, type Rounds, valuesOf } from './results.ts';
import { median, percentile, rangeOf } from './statistics.ts';
import { figure, percent, ranged, table } from './table.ts';
import { judge, type Target, targets } from './targets.ts';

export interface Comparison extends Run {
  readonly candidates: readonly Candidate[];
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
  readonly proofs: ReadonlyMap<string, Proof>;
  /** The generator against a server that only answers, alone on the candidate's core; and against the upstream, both on the load's core. */
  readonly ceiling: { readonly alone: Sample; readonly shared: Sample };
  readonly rounds: Rounds;
}

/** Less of its core than this, and something else held the candidate up. */
const boundShare = 0.93;
/** Somebody else used more of a core than this in more than a tenth of the measurements: the machine was not quiet. */
const quietShare = 0.05;

export function targetTable({ rounds }: Pick<Comparison, 'rounds'>): string {
  const cells = (target: Target, side: Target['withoutPreflight']): string[] => {
    if (side === undefined) return ['–', '–'];
    const sign = target.atMost === true ? '≤' : '≥';
    const bound = side.bound === undefined ? '–' : `${sign} ${side.bound.toFixed(2)}`;
    const judged = judge(rounds, target, side);
    if (judged === undefined) return [bound, '–'];
    const verdict = { true: ' pass', false: ' **miss**', undefined: '' }[`${judged.reached}`];
    return [bound, `${ranged(judged.range)}${verdict}`];
  };
  const rows = targets.map((target) => [
    target.title,
    ...cells(target, target.defaultSettings),
    ...cells(target, target.withoutPreflight),
    target.peerLacks,
  ]);
  const head = ['against', 'target', 'default settings', 'target', '`PREFLIGHT=off`', 'what the peer lacks'];
  return table(head, rows);
}

export function compareReport(comparison: Comparison): string {
  const { machine, peergate, date, algorithm, plan, missing, rounds } = comparison;
  const lines = [
    '# Comparison',
    `\`npm run bench\`, ${date}, peergate ${peergate}, tokens signed with ${algorithm}. ${machine}.`,
    `Medians, in brackets the least and the most, of ${rounds.length} rounds. In each round every candidate was measured in turn on one core, the others idle; after ${plan.roundsPerProcess} rounds each got a new process. Ratios are made within a round.`,
    warmUpText(comparison),
    calm(comparison),
    ...missing.map(({ name, reason }) => `Left out: \`${name}\`, ${reason}.`),
    '![the figures as a chart](compare.svg)',
    '## Targets',
    'Ratios of peergate’s figure to the peer’s: throughput at 64 in flight unless the row says otherwise. With default settings peergate makes two requests upstream for each create, its peers make one; with `PREFLIGHT=off` it makes one, too.',
    targetTable(comparison),
    `## Creates, ${plan.inFlight} in flight, tokens seen before`,
    mainTable(comparison),
    `†: used less than ${percent(boundShare)} of its core, so that its throughput is not its own limit.`,
    `## Lists, ${plan.inFlight} in flight`,
    smallTable(comparison, 'list'),
    `## Creates, ${plan.inFlight} in flight, every token new`,
    smallTable(comparison, 'new tokens'),
    '## Creates, 32 in flight',
    smallTable(comparison, 'create 32'),
    '## Are load and upstream fast enough?',
    ceilingText(comparison),
    '## What each candidate does',
    'Proven before the measurement, both ways: what is not claimed to be refused was let through. Each candidate logs to a file in memory.',
    claimTable(comparison),
    '## Ratios round by round',
    roundTable(comparison),
  ];
  return `${lines.filter((line) => line !== '').join('\n\n')}\n`;
}

function warmUpText({ candidates, rounds, plan: { firstWarm } }: Comparison): string {
  const { requests, maxMs } = firstWarm;
  const fewest = (name: string) => Math.min(...known(valuesOf(rounds, name, 'create', 'warmUpRequests')));
  const short = candidates.map(({ name }) => [name, fewest(name)] as const).filter(([, of]) => of < requests);
  const text = `Each process was warmed up by ${figure(requests)} creates, for at most ${maxMs / 1000} s.`;
  if (short.length === 0) return `${text} All came to that many.`;
  return `${text} That time was over before: ${short.map(([name, of]) => `\`${name}\` (${figure(of)} creates)`).join(', ')}.`;
}

function calm({ candidates, rounds }: Comparison): string {
  const of = (metric: keyof Sample): number[] =>
    candidates.flatMap(({ name }) => known(valuesOf(rounds, name, 'create', metric)));
  const shares = { own: of('foreignShare'), load: of('loadForeignShare') };
  const quiet = [shares.own, shares.load].every((values) => percentile(values, 0.9) <= quietShare);
  const text = (values: readonly number[]): string =>
    `${percent(median(values))} (at most ${percent(Math.max(...values))})`;
  return [
    quiet ? 'The machine was quiet:' : '**The machine was busy with something else, so run it again:**',
    `other programs and the kernel had ${text(shares.own)} of the candidate's core, and ${text(shares.load)} of the load's.`,
  ].join(' ');
}

const cell = (rounds: Rounds, name: string, measure: Measure, metric: keyof Sample): string => {
  const range = rangeOf(known(valuesOf(rounds, name, measure, metric)));
  return range === undefined ? '–' : ranged(range);
};

const share = (rounds: Rounds, name: string, measure: Measure, metric: keyof Sample): number =>
  median(known(valuesOf(rounds, name, measure, metric)));

function mainTable({ candidates, rounds, proofs }: Comparison): string {
  const rows = candidates.map(({ name }) => {
    const own = share(rounds, name, 'create', 'candidateShare');
    const load =
      share(rounds, name, 'create', 'generatorShare') + share(rounds, name, 'create', 'upstreamShare');
    const { create = 0, list = 0, cluster = 0 } = proofs.get(name)?.upstreamRequests ?? {};
    return [
      `\`${name}\`${own < boundShare ? ' †' : ''}`,
      cell(rounds, name, 'create', 'throughput'),
      cell(rounds, name, 'create', 'cpuUs'),
      cell(rounds, name, 'rate', 'p50Ms'),
      cell(rounds, name, 'rate', 'p99Ms'),
      cell(rounds, name, 'create', 'residentMb'),
      figure(create + list + cluster),
      percent(own),
      percent(load),
    ];
  });
  const head = ['candidate', 'requests/s', 'CPU a request, µs', 'p50 at 500/s, ms', 'p99 at 500/s, ms'];
  return table([...head, 'resident, MiB', 'requests upstream', 'own core', 'load core'], rows);
}

function smallTable({ candidates, rounds }: Comparison, measure: Measure): string {
  const rows = candidates
    .filter(({ measures }) => measures.includes(measure))
    .map(({ name }) => [
      `\`${name}\``,
      cell(rounds, name, measure, 'throughput'),
      cell(rounds, name, measure, 'cpuUs'),
      cell(rounds, name, measure, 'p50Ms'),
      percent(share(rounds, name, measure, 'candidateShare')),
    ]);
  return table(['candidate', 'requests/s', 'CPU a request, µs', 'p50, ms', 'own core'], rows);
}

function ceilingText({ ceiling: { alone, shared }, candidates, rounds }: Comparison): string {
  const late = Math.max(...candidates.flatMap(({ name }) => known(valuesOf(rounds, name, 'rate', 'lateMs'))));
  return [
    `The generator alone, against a server on the other core that does nothing but answer: ${figure(alone.throughput)} requests/s,`,
    `with ${percent(alone.generatorShare)} of its core. Generator and upstream on one core: ${figure(shared.throughput)} requests/s.`,
    'What both used of that core while a candidate ran is in the last column above; a candidate that used all of its own core was not held up by them.',
    `At the fixed rate the generator sent at most ${figure(late)} ms late at the 99th percentile; that is part of the times, the same for all.`,
  ].join('\n');
}

function claimTable({ candidates, proofs }: Comparison): string {
  const rows = everyProbe.map((probe) => [
    `refuses ${probes[probe]}`,
    ...candidates.map(({ name }) => (proofs.get(name)?.refuses.has(probe) === true ? 'yes' : 'no')),
  ]);
  const each = (text: (proof: Proof) => string): string[] =>
    candidates.map(({ name }) => {
      const proof = proofs.get(name);
      return proof === undefined ? '–' : text(proof);
    });
  const upstream = each(({ upstreamRequests: { create, list, cluster } }) => {
    const parts = [`${figure(create)} create`, ...(list > 0 ? [`${figure(list)} list`] : [])];
    return [...parts, ...(cluster > 0 ? [`${figure(cluster)} cluster`] : [])].join(', ');
  });
  const head = ['', ...candidates.map(({ name }) => `\`${name}\``)];
  const text = table(head, [
    ...rows,
    ['requests upstream for a create, when the cluster is known', ...upstream],
    ['lines on its output for a create', ...each(({ logLines }) => String(logLines))],
  ]);
  const besides = candidates.map(({ name, what, besides }) => `- \`${name}\`: ${what}. Besides: ${besides}.`);
  return `${text}\n\n${besides.join('\n')}`;
}

function roundTable({ rounds }: Comparison): string {
  const rows = targets.flatMap((target) => {
    const sides = [
      { name: target.title, side: target.defaultSettings },
      { name: `${target.title}, PREFLIGHT=off`, side: target.withoutPreflight },
    ];
    return sides.flatMap(({ name, side }) => {
      const judged = side && judge(rounds, target, side);
      return judged === undefined ? [] : [[name, ...judged.ratios.map(figure)]];
    });
  });
  return table(['ratio', ...rounds.map((_, index) => String(index + 1))], rows);
}

export function compareChart({ candidates, rounds, plan }: Comparison): string {
  const panel = (title: string, measure: Measure, metric: keyof Sample): Panel => ({
    title,
    bars: candidates.flatMap(({ name }) => {
      const range = rangeOf(known(valuesOf(rounds, name, measure, metric)));
      return range === undefined ? [] : [{ name, range, ours: name.startsWith('peergate') }];
    }),
  });
  const panels = [
    panel(`Creates a second, ${plan.inFlight} in flight (more is better)`, 'create', 'throughput'),
    panel('Processor time of a create, µs (less is better)', 'create', 'cpuUs'),
    panel(`Time of a create at ${plan.perSecond} a second, p50, ms (less is better)`, 'rate', 'p50Ms'),
    panel(`Time of a create at ${plan.perSecond} a second, p99, ms (less is better)`, 'rate', 'p99Ms'),
    panel(`Lists a second, ${plan.inFlight} in flight (more is better)`, 'list', 'throughput'),
    panel('Creates a second, every token new (more is better)', 'new tokens', 'throughput'),
  ];
  return barChart(
    'One core for the candidate, medians and ranges',
    panels.filter(({ bars }) => bars.length > 0),
  );
}
