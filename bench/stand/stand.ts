// Everything around a candidate: the stand-in of the upstream with the issuer, the load generator, the tokens, and a
// folder in memory for what candidates write. One for the whole run; candidates come and go.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadOutcome } from '../load/job.ts';
import type { Counts } from '../servers/cloud-answers.ts';
import { type Cores, chooseCores } from './cores.ts';
import { nextMessage, Processes, pidOf } from './processes.ts';
import { type Algorithm, Keys } from './tokens.ts';

export interface Stand {
  readonly cores: Cores;
  readonly processes: Processes;
  readonly keys: Keys;
  readonly issuer: string;
  readonly upstreamPort: number;
  readonly upstreamPid: number;
  readonly serviceToken: string;
  readonly tokenFile: string;
  /** In memory: a candidate's log must not wait for a disk. */
  readonly folder: string;
  /** On the disk that the project is on. */
  readonly disk: string;
  load(job: Omit<LoadJob, 'watch'>, candidate: number): Promise<LoadOutcome>;
  /** What the upstream was asked since the last question. */
  counts(): Promise<Counts>;
  close(): Promise<void>;
}

const startMs = 30_000;
export const benchFolder = fileURLToPath(new URL('..', import.meta.url));
/** Its answer must not be taken for one of the caller's tokens. */
const serviceToken = 'bench-service-token-0123456789abcdef';

export interface StandOptions {
  readonly algorithm: Algorithm;
  readonly tokens: number;
  readonly progress: (text: string) => void;
}

export async function openStand({ algorithm, tokens, progress }: StandOptions): Promise<Stand> {
  for (const tool of ['taskset', 'setpriv']) requireTool(tool);
  const processes = new Processes();
  const cores = chooseCores();
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(memory, 'peergate-bench-'));
  mkdirSync(join(benchFolder, '.disk'), { recursive: true });
  const disk = mkdtempSync(join(benchFolder, '.disk', 'run-'));
  const remove = () => {
    for (const path of [folder, disk]) rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', remove);
  const keys = new Keys(algorithm);
  const upstream = processes.start({
    ...node(['servers/upstream.ts'], cores.load),
    env: { SERVICE_TOKEN: serviceToken, JWKS: keys.jwks },
  });
  const { port, issuer } = await nextMessage<{ port: number; issuer: string }>(upstream, startMs);
  const tokenFile = join(folder, 'tokens');
  await keys.writeTokens(tokenFile, issuer, tokens, (count) =>
    progress(`${count} of ${tokens} tokens signed`),
  );
  const generator = processes.start({ ...node(['load/generator.ts'], cores.load), env: {} });
  await nextMessage(generator, startMs);
  return {
    ...{ cores, processes, keys, issuer, serviceToken, tokenFile, folder, disk },
    upstreamPort: port,
    upstreamPid: pidOf(upstream),
    load: (job, candidate) => {
      const { candidate: candidateCore, load: loadCore } = cores;
      const watch = { candidate, upstream: pidOf(upstream), candidateCore, loadCore };
      return load(generator, { ...job, watch });
    },
    async counts() {
      upstream.send('counts');
      return (await nextMessage<{ counts: Counts }>(upstream, startMs)).counts;
    },
    async close() {
      await Promise.all([processes.stop(generator), processes.stop(upstream)]);
      remove();
    },
  };
}

const node = (args: string[], core: number) =>
  ({
    command: process.execPath,
    args: args.map((path) => join(benchFolder, path)),
    core,
    output: 'inherit',
    ipc: true,
  }) as const;

async function load(generator: ChildProcess, job: LoadJob): Promise<LoadOutcome> {
  generator.send(job);
  const limitMs = job.warm.maxMs + job.measuredMs + 60_000;
  const said = await nextMessage<{ outcome?: LoadOutcome; fault?: string }>(generator, limitMs);
  if (said.outcome === undefined) throw new Error(said.fault ?? 'no outcome');
  return said.outcome;
}

function requireTool(name: string): void {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
  } catch {
    throw new Error(`${name} is not installed; it is part of util-linux`);
  }
}
