// A real Redis for one test: on a free port of loopback, without persistence, gone when the test ends. It can be killed,
// started again (empty), and made to hang.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createClient } from '@redis/client';
import type { Pair } from '../support/certificates.ts';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import type { Scope } from '../support/scope.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const program = 'redis-server';

/** Why tests with a real Redis are skipped; `false` when they are not. */
export const noRedis: string | false =
  spawnSync(program, ['--version']).status === 0 ? false : `${program} is not installed`;

export interface TestRedis {
  readonly port: number;
  /** Where the nodes of a cluster talk to each other. */
  readonly busPort: number;
  /** Without a password. */
  readonly url: string;
  /** The reply to a command of the test's own, on a connection of its own. */
  command(...words: string[]): Promise<unknown>;
  /** How often the command was carried out since the start, such as `evalsha`. */
  calls(command: string): Promise<number>;
  /** The process is gone, with everything that it knew. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Connections are accepted by the kernel, and nothing is answered. */
  freeze(): void;
  thaw(): void;
}

/** How the test itself is let in, and the server by TLS. */
export interface RedisAccess {
  readonly username: string;
  readonly password: string;
  readonly certificate: Pair;
  readonly caFile: string;
}

export interface TestRedisOptions {
  readonly password?: string;
  readonly access?: RedisAccess | undefined;
  /** More of the command line. */
  readonly words?: readonly string[];
  /** `redis-server` as a sentinel, with this configuration file. */
  readonly sentinelFile?: string;
  /** It is not running until `start`. */
  readonly down?: boolean;
  /** More of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startRedis(test: Scope, options: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = temporaryFolder();
  const port = await freePort();
  // By default it is the port and 10,000: one of those that the kernel gives to others.
  const busPort = await freePort();
  let child: ChildProcess | undefined;
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  };
  const start = async () => {
    child = endWithTest(
      test,
      spawn(program, commandLine({ port, busPort }, folder, options), { stdio: 'ignore' }),
    );
    await until('Redis answers', () =>
      command(port, options, 'PING').then(
        () => true,
        () => false,
      ),
    );
  };
  if (!options.down) await start();
  const own = (...words: string[]) => command(port, options, ...words);
  return {
    port,
    busPort,
    url: `redis://127.0.0.1:${port}`,
    command: own,
    async calls(name) {
      const stats = String(await own('INFO', 'commandstats'));
      return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    },
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

function commandLine(
  { port, busPort }: Pick<TestRedis, 'port' | 'busPort'>,
  folder: string,
  options: TestRedisOptions,
): string[] {
  const { password, access, words = [], sentinelFile } = options;
  const settings = {
    port: access === undefined ? `${port}` : '0',
    bind: '127.0.0.1',
    dir: folder,
    ...(sentinelFile === undefined ? { save: '', appendonly: 'no', 'cluster-port': `${busPort}` } : {}),
    ...(access === undefined ? {} : tlsSettings(port, access)),
    ...(password === undefined ? {} : { requirepass: password }),
    ...options.settings,
  };
  const all = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const role = sentinelFile === undefined ? [] : [sentinelFile, '--sentinel'];
  return [...role.slice(0, 1), ...all, ...words, ...role.slice(1)];
}

const tlsSettings = (port: number, { certificate, caFile }: RedisAccess) => ({
  'tls-port': `${port}`,
  'tls-cert-file': certificate.certFile,
  'tls-key-file': certificate.keyFile,
  'tls-ca-cert-file': caFile,
  'tls-auth-clients': 'no',
  'tls-replication': 'yes',
});

async function command(
  port: number,
  { password, access }: TestRedisOptions,
  ...words: string[]
): Promise<unknown> {
  const tls = access === undefined ? {} : { tls: true as const, ca: readFileSync(access.caFile) };
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false, ...tls },
    ...(access === undefined ? {} : { username: access.username, password: access.password }),
    ...(password === undefined ? {} : { password }),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.sendCommand(words);
  } finally {
    client.destroy();
  }
}
