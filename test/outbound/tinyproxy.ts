// A real CONNECT proxy for one test: tinyproxy on a free port of loopback, with or without credentials, and its log.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Why tests with it are skipped; `false` when they are not. */
export const noTinyproxy: string | false =
  spawnSync('tinyproxy', ['-v']).status === 0 ? false : 'tinyproxy is not installed';

export interface Tinyproxy {
  readonly port: number;
  /** The destinations of every CONNECT and every forwarded request so far. */
  requests(): string[];
}

export async function startTinyproxy(test: TestContext, credentials?: string): Promise<Tinyproxy> {
  const folder = temporaryFolder();
  const port = await freePort();
  const [log, configuration] = [join(folder, 'log'), join(folder, 'tinyproxy.conf')];
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.1',
    'Timeout 60',
    'MaxClients 50',
    `LogFile "${log}"`,
    'LogLevel Info',
    ...(credentials === undefined ? [] : [`BasicAuth ${credentials}`]),
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  endWithTest(test, spawn('tinyproxy', ['-d', '-c', configuration], { stdio: 'ignore' }));
  await until('tinyproxy listens', () => answersAt(port));
  return {
    port,
    requests: () =>
      [...readFileSync(log, 'utf8').matchAll(/Request \(file descriptor \d+\): (\S+ \S+)/g)].map(
        ([, request = '']) => request,
      ),
  };
}

export const answersAt = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
