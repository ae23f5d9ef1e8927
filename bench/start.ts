// How long peergate takes from the start of its process to the line that says it listens, and how much memory it holds
// under full load. Both with default settings.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { measureMemory, memoryMethod } from './memory.ts';
import { progress } from './progress.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { rangeOf } from './report/statistics.ts';
import { ranged, table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import { launchPeergate } from './stand/peergate.ts';
import { freePorts } from './stand/run-candidate.ts';
import { openStand, type Stand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

export interface StartOptions {
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly algorithm: Algorithm;
}

const usualStarts = 10;
const tokens = 100;
const boundMs = 300;
/** Named in the environment as in the image, where it is made when the image is built; here the first start makes it. */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/peergate', import.meta.url));

export async function start({ quick, rounds, algorithm }: StartOptions): Promise<void> {
  const starts = rounds ?? (quick ? 3 : usualStarts);
  const show = (text: string) => progress(`\r${text}\x1b[K`);
  const stand = await openStand({ algorithm, tokens, progress: show });
  try {
    const times: Record<'one core' | 'any core', number[]> = { 'one core': [], 'any core': [] };
    await timeToListen(stand, undefined);
    for (let turn = 0; turn < starts; turn += 1) {
      show(`start ${turn + 1} of ${starts}`);
      times['one core'].push(await timeToListen(stand, stand.cores.candidate));
      times['any core'].push(await timeToListen(stand, undefined));
    }
    const text = `${startTable(times)}\n\n${await measureMemory(stand, quick, show)}`;
    progress('\r\x1b[K');
    const date = new Date().toISOString().slice(0, 10);
    const folder = writeResults(
      {
        'start.md': `# Start and memory

\`npm run bench -- start\`, ${date}, peergate${describeCommit()}. ${describeMachine()}.

The time is that from the start of the process to the line \`listening\` on its standard output, of ${starts} starts with the compile
cache and with the files in the system's cache: median, in brackets the least and the most.

${memoryMethod}

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
  const launch = launchPeergate(
    { stand, port, secondPort, folder: join(folder, 'own'), disk: folder },
    { NODE_COMPILE_CACHE: compileCache },
  );
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

function startTable(times: Readonly<Record<string, readonly number[]>>): string {
  const rows = Object.entries(times).map(([where, values]) => {
    const range = rangeOf(values);
    if (range === undefined) throw new Error('nothing was started');
    // The target is for one core.
    const isJudged = where === 'one core';
    const verdict = range.median <= boundMs ? 'pass' : '**miss**';
    return [`start, ${where}, ms`, isJudged ? `≤ ${boundMs}` : '–', ranged(range), isJudged ? verdict : ''];
  });
  return table(['what', 'target', 'measured', ''], rows);
}
