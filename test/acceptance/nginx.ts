// A real nginx for one test, in front of some gateways, as an ingress: on a free port of loopback, gone when the test ends.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Debian puts it where not everybody looks. */
const environment = { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };
const program = 'nginx';

/** Why tests with nginx are skipped; `false` when they are not. */
export const noNginx: string | false =
  spawnSync(program, ['-v'], { env: environment }).status === 0 ? false : `${program} is not installed`;

export interface NginxOptions {
  readonly ports: readonly number[];
  /** Does it keep connections to the gateways open between requests? */
  readonly keepAlive: boolean;
}

export interface Nginx {
  readonly url: string;
  /** Resolves when it sends to the gateways on these ports and no others, and every request that it sent before is answered. */
  sendTo(ports: readonly number[]): Promise<void>;
  /** Everything that it says went wrong. */
  errors(): Promise<string>;
}

/** What is not named here is as nginx has it by default, `proxy_next_upstream` above all. */
const configuration = (port: number, { ports, keepAlive }: NginxOptions): string => `
daemon off;
pid nginx.pid;
worker_processes 1;
error_log error.log notice;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream gateways {
    ${ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join('\n    ')}
    ${keepAlive ? 'keepalive 32;' : ''}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      ${keepAlive ? 'proxy_http_version 1.1;\n      proxy_set_header Connection "";' : ''}
    }
  }
}
`;

export async function startNginx(test: TestContext, options: NginxOptions): Promise<Nginx> {
  const folder = temporaryFolder();
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), configuration(port, options));
  const words = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  // SIGTERM ends its worker, too.
  const child = endWithTest(test, spawn(program, words, { env: environment, stdio: 'ignore' }), 'SIGTERM');
  const lines = async () => (await readFile(join(folder, 'error.log'), 'utf8')).split('\n');
  const ended = async () => (await lines()).filter((line) => /worker process \d+ exited/.test(line)).length;
  await until('nginx listens', () => isListening(port));
  return {
    url: `http://127.0.0.1:${port}`,
    async sendTo(ports) {
      const before = await ended();
      await writeFile(join(folder, 'nginx.conf'), configuration(port, { ...options, ports }));
      child.kill('SIGHUP');
      await until('the worker with the former configuration has ended', async () => (await ended()) > before);
    },
    errors: async () =>
      (await lines()).filter((line) => / \[(?:warn|error|crit|alert|emerg)\] /.test(line)).join('\n'),
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
