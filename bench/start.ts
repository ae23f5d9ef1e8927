// How long peergate takes from the start of its process to the line that says it listens, and how much memory it holds
// under full load with many tokens. Both with default settings.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { residentMb } from './load/usage.ts';
import { progress } from './progress.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { rangeOf } from './report/statistics.ts';
import { ranged, table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import type { Place } from './stand/candidate.ts';
import { launchPeergate } from './stand/peergate.ts';
import { freePorts, runCandidate } from './stand/run-candidate.ts';
import { openStand, type Stand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

export interface StartOptions {
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly algorithm: Algorithm;
}

const usualStarts = 10;
const tokens = 20_000;
/** Of MAX_IN_FLIGHT, what is not kept for requests that need no upstream. */
const inFlight = 240;
const boundMs = 400;
const boundMb = 170;
const lookMs = 100;
/** As Node is started by itself, in the image, and in the image with a memory limit of 512 MiB, of which V8 takes half. */
const memoryOptions = [
  [],
  ['--max-semi-space-size=16'],
  ['--max-semi-space-size=16', '--max-old-space-size=256'],
];

export async function start({ quick, rounds, algorithm }: StartOptions): Promise<void> {
  const starts = rounds ?? (quick ? 3 : usualStarts);
  const show = (text: string) => progress(`\r${text}\x1b[K`);
  const stand = await openStand({ algorithm, tokens, progress: show });
  try {
    const times: Record<'one core' | 'any core', number[]> = { 'one core': [], 'any core': [] };
    for (let turn = 0; turn < starts; turn += 1) {
      show(`start ${turn + 1} of ${starts}`);
      times['one core'].push(await timeToListen(stand, stand.cores.candidate));
      times['any core'].push(await timeToListen(stand, undefined));
    }
    const memory: Memory[] = [];
    for (const options of memoryOptions) {
      show(`full load ${options.join(' ')}`);
      memory.push(await memoryUnderLoad(stand, options, quick ? 3_000 : 20_000));
    }
    progress('\r\x1b[K');
    const text = startTable(times, memory);
    const date = new Date().toISOString().slice(0, 10);
    const folder = writeResults(
      {
        'start.md': `# Start and memory

\`npm run bench -- start\`, ${date}, peergate${describeCommit()}. ${describeMachine()}.

The time is that from the start of the process to the line \`listening\` on its standard output, of ${starts} starts with the files in
the system's cache: median, in brackets the least and the most. Memory is what was resident, looked at every ${lookMs} ms, with
${inFlight} creates in flight on one core and ${tokens.toLocaleString('en-US')} tokens used in turn.

${text}
`,
      },
      !quick && starts >= usualStarts,
    );
    console.log(`${text}\n\nAlso in ${folder}/start.md`);
  } finally {
    await stand.close();
  }
}

async function timeToListen(stand: Stand, core: number | undefined): Promise<number> {
  const folder = mkdtempSync(join(stand.folder, 'start-'));
  mkdirSync(join(folder, 'own'));
  const [port, secondPort] = await freePorts();
  const launch = launchPeergate({ stand, port, secondPort, folder: join(folder, 'own'), disk: folder });
  const startedAt = performance.now();
  const child = stand.processes.start({ ...launch, core, output: 'pipe' });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('exit', () => reject(new Error('it ended at its start')));
      if (child.stdout === null) throw new Error('no pipe');
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"listening"')) resolve(performance.now() - startedAt);
      });
    });
  } finally {
    await stand.processes.stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Memory {
  /** Node's. */
  readonly options: readonly string[];
  readonly most: number;
  readonly last: number;
  readonly requests: number;
  readonly cpuUs: number;
}

async function memoryUnderLoad(stand: Stand, options: readonly string[], ms: number): Promise<Memory> {
  const launch = (place: Place) => {
    const asUsual = launchPeergate(place);
    return { ...asUsual, args: [...options, ...asUsual.args] };
  };
  const running = await runCandidate(stand, launch, 'peergate');
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, residentMb(running.pid));
  }, lookMs);
  try {
    const { tokenFile } = stand;
    const deck = { kind: 'create', tokenFile, firstToken: 0, tokens, once: false } as const;
    const job = {
      port: running.port,
      deck,
      expected: 201,
      load: { inFlight },
      warm: { minMs: 0, requests: 0, maxMs: 0 },
      measuredMs: ms,
    };
    const { residentMb: last, requests, candidateSeconds } = await stand.load(job, running.pid);
    const cpuUs = (candidateSeconds / requests) * 1e6;
    return { options, most: Math.max(most, last), last, requests, cpuUs };
  } finally {
    clearInterval(look);
    await running.stop();
  }
}

function startTable(times: Readonly<Record<string, readonly number[]>>, memory: readonly Memory[]): string {
  const verdict = (value: number, bound: number): string => (value <= bound ? 'pass' : '**miss**');
  const rows = Object.entries(times).map(([where, values]) => {
    const range = rangeOf(values);
    if (range === undefined) throw new Error('nothing was started');
    return [`start, ${where}, ms`, String(boundMs), ranged(range), verdict(range.median, boundMs)];
  });
  for (const { options, most, last, requests, cpuUs } of memory) {
    const how = options.length === 0 ? '' : ` with \`${options.join(' ')}\``;
    rows.push([
      `resident${how}, MiB, most of ${requests.toLocaleString('en-US')} creates of ${cpuUs.toFixed(0)} µs each`,
      String(boundMb),
      `${most.toFixed(1)} (${last.toFixed(1)} at the end)`,
      verdict(most, boundMb),
    ]);
  }
  return table(['what', 'at most', 'measured', ''], rows);
}
