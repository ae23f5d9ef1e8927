// A real Redis for one test: on a free port of loopback, without persistence, gone when the test ends. It can be killed,
// started again (empty), and made to hang.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createClient } from '@redis/client';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { until } from '../support/until.ts';

const program = 'redis-server';

/** Why tests with a real Redis are skipped; `false` when they are not. */
export const noRedis: string | false =
  spawnSync(program, ['--version']).status === 0 ? false : `${program} is not installed`;

export interface TestRedis {
  readonly port: number;
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

export interface TestRedisOptions {
  readonly password?: string;
  /** It is not running until `start`. */
  readonly down?: boolean;
  /** More of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startRedis(test: TestContext, options: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'peergate-test-'));
  const free = await startLoopbackServer(() => undefined);
  await free.close();
  const { port } = free;
  const { password } = options;
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
    const fixed = { port: `${port}`, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder };
    const settings = { ...fixed, ...options.settings };
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    if (password !== undefined) words.push('--requirepass', password);
    child = spawn(program, words, { stdio: 'ignore' });
    await until('Redis answers', () =>
      command(port, password, 'PING').then(
        () => true,
        () => false,
      ),
    );
  };
  test.after(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  if (!options.down) await start();
  const own = (...words: string[]) => command(port, password, ...words);
  return {
    port,
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

async function command(port: number, password: string | undefined, ...words: string[]): Promise<unknown> {
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
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
