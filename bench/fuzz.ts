// Hostile input at volume: `npm run fuzz -- --cases 1000000 --seed 5`. Ends with status 1 at the first case that fails, and
// says how to have it again, or with `--keep-going` at the end; `--path` runs that one and shrinks it. The cases are shared out among processes, each with a
// gateway, an issuer and a sandbox of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type FuzzReport, fuzz, type Memory, replay } from '../test/fuzz/fuzz.ts';
import { progress } from './progress.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '5' },
    processes: { type: 'string', default: '2' },
    path: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
    shard: { type: 'string' },
  },
});
const seed = Number(values.seed);
const cases = Number(values.cases);
const processes = Number(values.processes);
if (![seed, cases, processes].every(Number.isInteger) || cases < 1 || processes < 1) {
  console.error('usage: npm run fuzz -- [--cases N] [--seed N] [--processes N] [--keep-going] [--path PATH]');
  process.exit(2);
}

/** What a process says: how far it is, or its report at the end. */
type Message = { readonly done: number } | { readonly report: Report };
type Report = Omit<FuzzReport, 'statuses'> & { readonly statuses: readonly (readonly [number, number])[] };

async function work(index: number): Promise<void> {
  const say = (message: Message) => process.send?.(message);
  const shard = { index, of: processes };
  const failed = (error: Error) => {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  };
  const report = await fuzz({
    seed,
    cases,
    shard,
    progress: (done) => say({ done }),
    ...(values['keep-going'] ? { failed } : {}),
  });
  say({ report: { ...report, statuses: [...report.statuses] } });
  process.disconnect?.();
}

async function share(): Promise<void> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const done = new Array<number>(processes).fill(0);
  const reports: Report[] = [];
  const self = fileURLToPath(import.meta.url);
  const children = done.map((_, index) => {
    const child = fork(self, [...process.argv.slice(2), '--shard', String(index)], {
      // Garbage is collected before it fills the machine, so that what is resident says something.
      execArgv: ['--max-old-space-size=256'],
    });
    child.on('message', (message: Message) => {
      if ('report' in message) reports.push(message.report);
      else done[index] = message.done;
      const all = done.reduce((sum, count) => sum + count, 0);
      progress(`\r${all} cases, ${elapsed().toFixed(0)} s, ${(all / elapsed()).toFixed(0)}/s \x1b[K`);
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
  if (process.exitCode !== 1) print(reports, elapsed());
}

function print(reports: readonly Report[], seconds: number): void {
  const sum = (count: (report: Report) => number) => reports.reduce((all, report) => all + count(report), 0);
  const number = (count: (report: Report) => number) => sum(count).toLocaleString('en');
  const memory = (of: keyof Memory) =>
    reports.map((report) =>
      [report.start, report.warm, report.end].map((at) => (at[of] / 2 ** 20).toFixed(0)).join(' → '),
    );
  const statuses = new Map<number, number>();
  for (const [status, count] of reports.flatMap((report) => report.statuses))
    statuses.set(status, (statuses.get(status) ?? 0) + count);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const byStatus = [...statuses].sort(([a], [b]) => a - b);
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['command', `\`npm run fuzz -- --cases ${cases} --seed ${seed} --processes ${processes}\``],
    ['Node, machine', `${process.versions.node}, ${machine}`],
    ['seed', seed],
    ['cases', number((report) => report.cases)],
    ['seconds', seconds.toFixed(0)],
    ['cases a second', (sum((report) => report.cases) / seconds).toFixed(0)],
    ['heap after gc, MB, at the start → warm → at the end, of each process', memory('heap').join('; ')],
    ['resident, MB, likewise', memory('rss').join('; ')],
    ['answers', number((report) => report.answers)],
    ['by status', byStatus.map(([status, count]) => `${status}: ${count.toLocaleString('en')}`).join(', ')],
    ['creates that reached the upstream', number((report) => report.posts)],
    ['deletes that reached the upstream', number((report) => report.deletes)],
    ['audit records, in whole chains', number((report) => report.records)],
  ];
  console.log('| | |\n| --- | --- |');
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
}

try {
  if (values.path !== undefined) await replay(seed, values.path);
  else if (values.shard !== undefined) await work(Number(values.shard));
  else await share();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
