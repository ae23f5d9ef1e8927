// Hostile input at volume, for each surface in turn: `npm run fuzz -- --cases 1000000 --seed 5`. Ends with status 1 at the first
// case that fails, and says how to have it again, or with `--keep-going` at the end; `--path` runs that one and shrinks it, and
// `--save` puts it into the corpus that `npm test` replays. The cases are shared out among processes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { saveCase } from '../test/fuzz/corpus.ts';
import { fuzz } from '../test/fuzz/fuzz.ts';
import { checkInTime, fuzzSurface } from '../test/fuzz/fuzz-surface.ts';
import type { Memory } from '../test/fuzz/memory.ts';
import { type SurfaceName, startSurface, surfaceNames } from '../test/fuzz/surfaces.ts';
import { progress } from './progress.ts';

const { values } = parseArgs({
  options: {
    surface: { type: 'string' },
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '5' },
    processes: { type: 'string', default: '2' },
    path: { type: 'string' },
    save: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
    shard: { type: 'string' },
  },
});
const seed = Number(values.seed);
const cases = Number(values.cases);
const processes = Number(values.processes);
const chosen = surfaceNames.filter((name) => values.surface === undefined || name === values.surface);
const isComplete = values.path === undefined || chosen.length === 1;
if (
  ![seed, cases, processes].every(Number.isInteger) ||
  cases < 1 ||
  processes < 1 ||
  chosen.length === 0 ||
  !isComplete
) {
  console.error(`usage: npm run fuzz -- [--surface SURFACE] [--cases N] [--seed N] [--processes N] [--keep-going]
                    --surface SURFACE --seed N --path PATH [--save NAME]
surfaces: ${surfaceNames.join(', ')}`);
  process.exit(2);
}

/** What a process says: how far it is, or its report at the end. */
type Message = { readonly done: number } | { readonly report: Report };

interface Report extends Record<'start' | 'warm' | 'end', Memory> {
  readonly cases: number;
  /** What came of them, and how often. */
  readonly outcomes: readonly (readonly [outcome: string | number, count: number])[];
  /** Other things that were counted. */
  readonly counts: readonly (readonly [what: string, count: number])[];
  readonly longestMs?: number;
}

async function work(surface: SurfaceName, index: number): Promise<void> {
  const say = (message: Message) => process.send?.(message);
  const failed = (error: Error) => {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  };
  const options = {
    ...{ seed, cases, shard: { index, of: processes } },
    progress: (done: number) => say({ done }),
    ...(values['keep-going'] ? { failed } : {}),
  };
  say({ report: surface === 'http' ? await ofGateway(options) : await ofSurface(surface, options) });
  process.disconnect?.();
}

async function ofGateway(options: Parameters<typeof fuzz>[0]): Promise<Report> {
  const { statuses, answers, posts, deletes, records, ...report } = await fuzz(options);
  const counts = [
    ['answers', answers],
    ['creates that reached the upstream', posts],
    ['deletes that reached the upstream', deletes],
    ['audit records, in whole chains', records],
  ] as const;
  return { ...report, outcomes: [...statuses].sort(([a], [b]) => a - b), counts };
}

async function ofSurface(name: SurfaceName, options: Parameters<typeof fuzz>[0]): Promise<Report> {
  const { outcomes, ...report } = await fuzzSurface(name, { ...options, timed: true });
  return { ...report, outcomes: [...outcomes].sort(), counts: [] };
}

/** Shares the cases of a surface out. */
async function share(surface: SurfaceName): Promise<void> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const done = new Array<number>(processes).fill(0);
  const reports: Report[] = [];
  const self = fileURLToPath(import.meta.url);
  const children = done.map((_, index) => {
    const child = fork(self, [...process.argv.slice(2), '--surface', surface, '--shard', String(index)], {
      // Garbage is collected before it fills the machine, so that what is resident says something.
      execArgv: ['--max-old-space-size=256'],
    });
    child.on('message', (message: Message) => {
      if ('report' in message) reports.push(message.report);
      else done[index] = message.done;
      const all = done.reduce((sum, count) => sum + count, 0);
      const rate = (all / elapsed()).toFixed(0);
      progress(`\r${surface}: ${all} cases, ${elapsed().toFixed(0)} s, ${rate}/s \x1b[K`);
    });
    return child;
  });
  const ends = children.map(async (child) => {
    const [status] = await once(child, 'exit');
    if (status === 0) return;
    process.exitCode = 1;
    if (!values['keep-going']) for (const other of children) other.kill();
  });
  await Promise.all(ends);
  progress('\n');
  if (process.exitCode !== 1) print(surface, reports, elapsed());
}

function print(surface: SurfaceName, reports: readonly Report[], seconds: number): void {
  const all = reports.reduce((sum, report) => sum + report.cases, 0);
  const memory = (of: keyof Memory) =>
    reports.map((report) =>
      [report.start, report.warm, report.end].map((at) => (at[of] / 2 ** 20).toFixed(0)).join(' → '),
    );
  const longest = reports.flatMap(({ longestMs }) => longestMs ?? []);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const inWords = (count: number) => count.toLocaleString('en');
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    [
      'command',
      `\`npm run fuzz -- --surface ${surface} --cases ${cases} --seed ${seed} --processes ${processes}\``,
    ],
    ['Node, machine', `${process.versions.node}, ${machine}`],
    ['cases', inWords(all)],
    ['seconds', seconds.toFixed(0)],
    ['cases a second', (all / seconds).toFixed(0)],
    ['heap after gc, MB, at the start → warm → at the end, of each process', memory('heap').join('; ')],
    ['resident, MB, likewise', memory('rss').join('; ')],
    ...(longest.length > 0
      ? [['processor time of the longest case, ms', Math.max(...longest).toFixed(0)]]
      : []),
    [
      'by what came of them',
      summed(reports.flatMap(({ outcomes }) => outcomes))
        .map(([outcome, count]) => `${outcome}: ${inWords(count)}`)
        .join(', '),
    ],
    ...summed(reports.flatMap(({ counts }) => counts)).map(([what, count]) => [what, inWords(count)]),
  ];
  console.log(`## ${surface}\n\n| | |\n| --- | --- |`);
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
  console.log('');
}

function summed<Name>(counts: readonly (readonly [Name, number])[]): [Name, number][] {
  const sums = new Map<Name, number>();
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums];
}

/** One case of a batch again, made as small as it still fails. */
async function repeat(name: SurfaceName, path: string): Promise<void> {
  const surface = await startSurface(name);
  try {
    const property = fc.asyncProperty(surface.arbitrary, async (one) => {
      await checkInTime(surface, one, name !== 'http');
    });
    const found = await fc.check(property, { seed, path, numRuns: 1 });
    if (!found.failed) return console.log('this case breaks no promise');
    process.exitCode = 1;
    const [smallest] = found.counterexample ?? [];
    console.error(`${found.errorInstance}\n${JSON.stringify(smallest, null, 2)}`);
    if (values.save !== undefined) console.error(`saved: ${saveCase(name, values.save, smallest)}`);
  } finally {
    await surface.stop();
  }
}

// What was started ends with this process, also when it is told to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

try {
  const [first] = chosen as [SurfaceName];
  if (values.path !== undefined) await repeat(first, values.path);
  else if (values.shard !== undefined) await work(first, Number(values.shard));
  else for (const surface of chosen) if (process.exitCode !== 1) await share(surface);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
