// The server of deploy/kubernetes/components/redis for one test: its own configuration, with the password and the certificate
// that the commands of the operator's guide make, on a free port of loopback, by whichever of Valkey and Redis is installed.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fencedBlocks } from '../docs/documents.ts';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { kubernetes, root } from './manifests.ts';

const runs = (program: string, option: string): boolean => spawnSync(program, [option]).status === 0;
const server = ['valkey-server', 'redis-server'].find((program) => runs(program, '--version'));

export const noValkey: string | false =
  server === undefined
    ? 'neither valkey-server nor redis-server is installed'
    : runs('openssl', 'version')
      ? false
      : 'openssl is not installed';

/** Blocks of the guide that begin by saying what Valkey's host is called. */
export const guideCommands: readonly string[] = fencedBlocks(
  readFileSync(join(root, 'docs/deploy.md'), 'utf8'),
  'sh',
).filter((block) => block.startsWith('REDIS_HOST='));

export interface TestValkey {
  readonly folder: string;
  readonly port: number;
  /** As in the Secret, but for the port. */
  readonly urlFile: string;
  readonly caFile: string;
  /** What `valkey-cli` says to a command. */
  ask(...words: string[]): string;
}

/** The commands, the host's name aside, are the guide's. */
export function makeSecrets(folder: string, host: string): void {
  for (const block of guideCommands) {
    const commands = block.replace(/^REDIS_HOST=.*$/m, `REDIS_HOST=${host}`);
    const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], { cwd: folder, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${block}\n${ran.stderr}`);
  }
}

export async function startValkey(test: TestContext): Promise<TestValkey> {
  const folder = temporaryFolder();
  const port = await freePort();
  makeSecrets(folder, 'localhost');
  await mkdir(join(folder, 'data'));
  const own = readFileSync(join(kubernetes, 'components/redis/valkey.conf'), 'utf8');
  const replaced = new Map([
    ['/run/secrets/redis/tls.crt', join(folder, 'redis.crt')],
    ['/run/secrets/redis/tls.key', join(folder, 'redis.key')],
    ['/run/secrets/redis/ca.crt', join(folder, 'redis-ca.crt')],
    ['/etc/valkey/acl/users.acl', join(folder, 'users.acl')],
    ['dir /data', `dir ${join(folder, 'data')}`],
    ['tls-port 6379', `tls-port ${port}`],
    ['bind * -::*', 'bind 127.0.0.1 -::1'],
  ]);
  let configuration = own;
  for (const [from, to] of replaced) {
    if (!configuration.includes(from)) throw new Error(`valkey.conf has no ${from}`);
    configuration = configuration.replace(from, to);
  }
  writeFileSync(join(folder, 'valkey.conf'), configuration);
  endWithTest(test, spawn(server as string, [join(folder, 'valkey.conf')], { stdio: 'ignore' }));
  const caFile = join(folder, 'redis-ca.crt');
  const cli = String(server).replace('server', 'cli');
  const ask = (...words: string[]) => {
    const way = ['--tls', '--cacert', caFile, '--sni', 'localhost', '-p', String(port)];
    const ran = spawnSync(cli, [...way, ...words], { encoding: 'utf8' });
    return ran.stdout + ran.stderr;
  };
  await until('Valkey answers', () => ask('ping').startsWith('NOAUTH'));
  const url = readFileSync(join(folder, 'redis-url'), 'utf8').replace(':6379/', `:${port}/`);
  writeFileSync(join(folder, 'redis-url'), url);
  return { folder, port, urlFile: join(folder, 'redis-url'), caFile, ask };
}
