// The nginx of the compose file, for real: its own configuration between a caller and two gateways.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noNginx } from '../acceptance/nginx.ts';
import { fencedBlocks } from '../docs/documents.ts';
import { endWithTest } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { deploy } from './compose.ts';
import { root } from './manifests.ts';
import { makeSecrets, noValkey } from './valkey.ts';

const configurationFile = join(deploy, 'compose/nginx/nginx.conf');

// The certificate is made by the guide's commands for Valkey's.
const skip = noNginx || noValkey;

test('nginx ends TLS, names the address that it sees, and leads to no admin route', { skip }, async (t) => {
  const { url, gateways, ca } = await startSite(t);
  const headers = { 'x-forwarded-for': '192.0.2.1, 198.51.100.7' };
  const answered = await ask(`${url}/database/clusters/x/vpc-peerings`, ca, headers);
  assert.equal(answered.status, 401);
  const log = gateways.flatMap(({ logs }) => logs).find(({ status }) => status === 401);
  assert.equal(log?.clientAddress, '127.0.0.1');
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    assert.equal((await ask(`${url}${path}`, ca)).status, 404, path);
  }
});

test('nginx passes over a gateway that is gone, request by request', { skip }, async (t) => {
  const { url, gateways, ca } = await startSite(t);
  const served = () => gateways.map(({ logs }) => logs.filter(({ msg }) => msg === 'request served').length);
  for (let count = 0; count < 4; count += 1) assert.equal((await ask(`${url}/openapi.json`, ca)).status, 200);
  assert.ok(served().every((count) => count > 0));
  await gateways[0]?.stop();
  for (let count = 0; count < 8; count += 1) assert.equal((await ask(`${url}/openapi.json`, ca)).status, 200);
});

test('the commands for a rolling restart take a gateway out of nginx, and put it in again', {
  skip,
}, async (t) => {
  const [block = ''] = fencedBlocks(readFileSync(join(root, 'docs/deploy.md'), 'utf8'), 'sh').filter((text) =>
    text.includes('-s reload'),
  );
  const [takeOut = '', putIn = ''] = [...block.matchAll(/^ *(sed .*)$/gm)].map(([, command]) => command);
  const folder = temporaryFolder();
  const copy = join(folder, 'nginx.conf');
  await copyFile(configurationFile, copy);
  const run = (command: string) => {
    const environment = { ...process.env, CONF: copy, GATEWAY: 'gateway-1' };
    const ran = spawnSync('bash', ['-euc', command], { env: environment, encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    return readFileSync(copy, 'utf8');
  };
  const { url, gateways, ca } = await startSite(t, run(takeOut));
  for (let count = 0; count < 8; count += 1) assert.equal((await ask(`${url}/openapi.json`, ca)).status, 200);
  assert.deepEqual(gateways.map(servedBy), [0, 8]);
  assert.equal(run(putIn), readFileSync(configurationFile, 'utf8'));
  for (const [, command = ''] of block.matchAll(/^ *docker compose -f (\S+) /gm))
    assert.equal(command, 'deploy/compose.yaml');
});

const servedBy = ({ logs }: TestGateway): number =>
  logs.filter(({ route }) => route === '/openapi.json').length;

async function startSite(t: TestContext, configured = readFileSync(configurationFile, 'utf8')) {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const start = () => startTestGateway(t, { issuer, environment: { TRUST_PROXY: '127.0.0.1' } });
  const gateways: readonly TestGateway[] = [await start(), await start()];
  const folder = temporaryFolder();
  makeSecrets(folder, 'localhost');
  const port = await freePort();
  // First, since the folder is below it.
  let configuration = configured.replaceAll('/tmp/', `${folder}/`);
  const replaced = [
    ['gateway-1:8080', `127.0.0.1:${gateways[0]?.port}`],
    ['gateway-2:8080', `127.0.0.1:${gateways[1]?.port}`],
    ['listen 8443', `listen 127.0.0.1:${port}`],
    ['/run/secrets/tls-cert', join(folder, 'redis.crt')],
    ['/run/secrets/tls-key', join(folder, 'redis.key')],
    ['worker_processes auto', 'worker_processes 1'],
  ];
  for (const [from = '', to = ''] of replaced) {
    assert.ok(configuration.includes(from), from);
    configuration = configuration.replace(from, to);
  }
  await writeFile(join(folder, 'nginx.conf'), configuration);
  startNginx(t, folder);
  const ca = readFileSync(join(folder, 'redis-ca.crt'), 'utf8');
  const url = `https://localhost:${port}`;
  await until('nginx listens', () =>
    ask(url, ca).then(
      () => true,
      () => false,
    ),
  );
  return { url, gateways, ca };
}

/** As the compose file starts it, in one process. */
function startNginx(t: TestContext, folder: string): void {
  const words = ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  const env = { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };
  const tried = spawnSync('nginx', ['-t', ...words], { env, encoding: 'utf8' });
  assert.equal(tried.status, 0, tried.stderr);
  endWithTest(
    t,
    spawn('nginx', [...words, '-g', 'daemon off; master_process off;'], { env, stdio: 'ignore' }),
  );
}

async function ask(
  url: string,
  ca: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined }> {
  const request = httpsRequest(url, { ca, headers, agent: false });
  request.end();
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode };
}
