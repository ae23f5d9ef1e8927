// A real CONNECT proxy of another make for one test: Squid on a free port of loopback, by http or https, with credentials or
// a rule that denies everything.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Pair } from '../support/certificates.ts';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { answersAt } from './tinyproxy.ts';

const helper = '/usr/lib/squid/basic_ncsa_auth';
const environment = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
const version = spawnSync('squid', ['-v'], { env: environment, encoding: 'utf8' });

/** Why tests with it are skipped; `false` when they are not. */
export const noSquid: string | false = /--with-openssl/.test(version.stdout ?? '')
  ? false
  : 'squid with OpenSSL is not installed (Debian: squid-openssl)';

export interface Squid {
  readonly port: number;
  /** The destination of every CONNECT that has ended, with the status that it was answered with. */
  requests(): string[];
  /** Stops the process where it stands, or lets it go on. */
  freeze(): void;
  resume(): void;
  /** Ends it, and with it every tunnel. */
  kill(): Promise<void>;
}

export interface SquidOptions {
  /** NAME:PASSWORD. */
  readonly credentials?: string;
  /** Makes it a proxy by https. */
  readonly certificate?: Pair;
  readonly denyAll?: true;
}

export async function startSquid(test: TestContext, options: SquidOptions = {}): Promise<Squid> {
  const folder = temporaryFolder();
  // Started by root, it works as a user of its own.
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'log'));
  await chmod(join(folder, 'log'), 0o777);
  const port = await freePort();
  const log = join(folder, 'log', 'access.log');
  const configuration = join(folder, 'squid.conf');
  await writeFile(configuration, (await linesFor(folder, { port, log, ...options })).join('\n'));
  const child = endWithTest(
    test,
    spawn('squid', ['-N', '-f', configuration], { env: environment, stdio: 'ignore' }),
  );
  const gone = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  await until('Squid listens', () => answersAt(port));
  return {
    port,
    requests: () =>
      [...readFileSync(log, 'utf8').matchAll(/ \w+\/(\d+) \d+ CONNECT (\S+) /g)].map(
        ([, status, destination]) => `${destination} ${status}`,
      ),
    freeze: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
  };
}

async function linesFor(
  folder: string,
  { port, log, credentials, certificate, denyAll }: SquidOptions & { port: number; log: string },
): Promise<string[]> {
  const passwords = join(folder, 'passwords');
  if (credentials !== undefined) {
    const [name, password = ''] = credentials.split(':');
    const hash = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], {
      input: password,
      encoding: 'utf8',
    });
    await writeFile(passwords, `${name}:${hash}`);
  }
  return [
    certificate === undefined
      ? `http_port 127.0.0.1:${port}`
      : `https_port 127.0.0.1:${port} tls-cert=${certificate.certFile} tls-key=${certificate.keyFile}`,
    ...(credentials === undefined
      ? [`http_access ${denyAll === true ? 'deny' : 'allow'} all`]
      : [
          `auth_param basic program ${helper} ${passwords}`,
          'auth_param basic children 1 startup=1',
          'acl known proxy_auth REQUIRED',
          'http_access allow known',
          'http_access deny all',
        ]),
    `access_log stdio:${log}`,
    'logfile_rotate 0',
    'buffered_logs off',
    'cache deny all',
    'cache_log /dev/null',
    'pid_filename none',
    'pinger_enable off',
    'netdb_filename none',
    `coredump_dir ${folder}`,
    'visible_hostname squid.test',
    'max_filedescriptors 1024',
    'shutdown_lifetime 0 seconds',
    '',
  ];
}
