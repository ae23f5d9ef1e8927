// What a second core brings: one instance beside two that share Redis, each on a core of its own with an audit file of its own.
// The load, the upstream and Redis run on the same two cores, so the figure to compare is what an instance gets out of its core.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { LoadOutcome } from './load/job.ts';
import { processSeconds } from './load/usage.ts';
import { progress } from './progress.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { median } from './report/statistics.ts';
import { figure, percent, table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import { launchPeergate } from './stand/peergate.ts';
import { nextMessage, pidOf, searchPath } from './stand/processes.ts';
import { freePorts, runCandidate } from './stand/run-candidate.ts';
import { benchFolder, openStand, type Stand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

export interface InstancesOptions {
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly algorithm: Algorithm;
}

const usualRounds = 3;
const tokens = 100;
/** For each instance. */
const inFlight = 64;
const startMs = 30_000;

const cases = [
  { name: 'one instance', instances: 1, redis: false },
  { name: 'one instance, Redis', instances: 1, redis: true },
  { name: 'two instances, Redis', instances: 2, redis: true },
];

interface Figures {
  readonly throughput: number;
  readonly cpuUs: number;
  /** Cores that the instances used. */
  readonly instanceCores: number;
  /** Cores that Redis used. */
  readonly redisCores: number;
}

export async function instances({ quick, rounds, algorithm }: InstancesOptions): Promise<void> {
  requireRedis();
  const count = rounds ?? (quick ? 1 : usualRounds);
  const show = (text: string) => progress(`\r${text}\x1b[K`);
  const stand = await openStand({ algorithm, tokens, progress: show });
  try {
    const measured = cases.map((one) => ({ ...one, figures: [] as Figures[] }));
    for (let round = 0; round < count; round += 1) {
      for (const one of measured) {
        show(`round ${round + 1} of ${count}: ${one.name}`);
        one.figures.push(await measure(stand, one, quick));
      }
    }
    progress('\r\x1b[K');
    const of = (figures: readonly Figures[], key: keyof Figures) => median(figures.map((one) => one[key]));
    const rows = measured.map(({ name, figures }) => [
      name,
      figure(of(figures, 'throughput')),
      figure(of(figures, 'cpuUs')),
      percent(of(figures, 'instanceCores')),
      percent(of(figures, 'redisCores')),
    ]);
    const head = ['', 'creates/s', 'CPU a create, µs', 'cores of the instances', 'cores of Redis'];
    const text = table(head, rows);
    const date = new Date().toISOString().slice(0, 10);
    const folder = writeResults(
      {
        'instances.md': `# Instances

\`npm run bench -- instances\`, ${date}, peergate${describeCommit()}. ${describeMachine()}.

Medians of ${count} rounds. Creates with default settings, ${inFlight} in flight for each instance, each with a core and an audit file of its own.
Load, upstream and Redis share the same two cores, so two instances do not get both cores whole.

${text}
`,
      },
      !quick && count >= usualRounds,
    );
    console.log(`${text}\n\nAlso in ${folder}/instances.md`);
  } finally {
    await stand.close();
  }
}

async function measure(stand: Stand, { instances: count, redis }: (typeof cases)[number], quick: boolean) {
  const stops: (() => Promise<void>)[] = [];
  try {
    const server = redis ? await startRedis(stand) : undefined;
    if (server !== undefined) stops.push(server.stop);
    const loads: (() => Promise<LoadOutcome>)[] = [];
    for (let index = 0; index < count; index += 1) {
      const core = index === 0 ? stand.cores.candidate : stand.cores.load;
      const running = await runCandidate(
        { ...stand, cores: { ...stand.cores, candidate: core } },
        (place) =>
          launchPeergate(place, {
            AUDIT_FILE: join(place.disk, 'audit.log'),
            ...(server && { REDIS_URL: server.url }),
          }),
        `instance ${index + 1}`,
      );
      stops.push(running.stop);
      const generator = await startGenerator(stand);
      stops.push(generator.stop);
      loads.push(() => generator.load(running.port, running.pid, quick));
    }
    const usedBefore = server === undefined ? 0 : processSeconds(server.pid);
    const startedAt = performance.now();
    const outcomes = await Promise.all(loads.map((load) => load()));
    const redisSeconds = server === undefined ? 0 : processSeconds(server.pid) - usedBefore;
    return figuresOf(outcomes, (redisSeconds / (performance.now() - startedAt)) * 1000);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

function figuresOf(outcomes: readonly LoadOutcome[], redisCores: number): Figures {
  const sum = (value: (outcome: LoadOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + value(outcome), 0);
  return {
    throughput: sum(({ requests, seconds }) => requests / seconds),
    cpuUs: (sum(({ candidateSeconds }) => candidateSeconds) / sum(({ requests }) => requests)) * 1e6,
    instanceCores: sum(({ candidateSeconds, seconds }) => candidateSeconds / seconds),
    redisCores,
  };
}

/** One for each instance, on any core: the one of the stand does one job at a time. */
async function startGenerator({ processes, cores, tokenFile, upstreamPid }: Stand) {
  const child = processes.start({
    ...{ command: process.execPath, args: [join(benchFolder, 'load/generator.ts')], env: {} },
    ...{ core: undefined, output: 'inherit', ipc: true },
  });
  await nextMessage(child, startMs);
  return {
    async load(port: number, candidate: number, quick: boolean): Promise<LoadOutcome> {
      const deck = { kind: 'create', tokenFile, firstToken: 0, tokens, once: false } as const;
      const warm = { minMs: quick ? 2_000 : 10_000, requests: 0, maxMs: 10_000 };
      const { candidate: candidateCore, load: loadCore } = cores;
      const watch = { candidate, upstream: upstreamPid, candidateCore, loadCore };
      const measuredMs = quick ? 2_000 : 8_000;
      child.send({ ...{ port, deck, warm, measuredMs, watch }, expected: 201, load: { inFlight } });
      const said = await nextMessage<{ outcome?: LoadOutcome; fault?: string }>(child, 120_000);
      if (said.outcome === undefined) throw new Error(said.fault ?? 'no outcome');
      return said.outcome;
    },
    stop: () => processes.stop(child),
  };
}

async function startRedis({ processes, cores, folder }: Stand) {
  const [port] = await freePorts();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = processes.start({ command: 'redis-server', args, env: {}, core: cores.load, output: 'pipe' });
  // Its log goes to standard output.
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('Redis ended at its start')));
    child.stdout?.on('data', (text: Buffer) => {
      if (text.includes('Ready to accept connections')) resolve();
    });
  });
  return { url: `redis://127.0.0.1:${port}`, pid: pidOf(child), stop: () => processes.stop(child) };
}

function requireRedis(): void {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore', env: { PATH: searchPath() } });
  } catch {
    throw new Error('redis-server is not installed: apt-get install redis-server');
  }
}
