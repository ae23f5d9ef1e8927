// The health check of the container: it believes a 200 of this gateway's admin listener and nothing else, and always ends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { adminAddress } from '../../src/config/admin-address.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway } from '../support/gateway.ts';
import { run } from './run-main.ts';

const health = (port: number, more: Record<string, string> = {}) =>
  run(['health'], { HOST: '127.0.0.1', ADMIN_PORT: String(port), ...more });

async function answering(t: TestContext, status: number, headers: Record<string, string> = {}) {
  const paths: string[] = [];
  const server = await startLoopbackServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end();
  });
  t.after(() => server.close());
  return { port: server.port, paths };
}

test('health ends with 0 when the gateway lives, though it is not ready and other settings are missing', async (t) => {
  const gateway = await startTestGateway(t);
  const { status, out, err } = await health(Number(new URL(gateway.adminUrl).port));
  assert.deepEqual([status, out, err], [0, 'alive\n', '']);
});

test('health asks /healthz once, with nothing else', async (t) => {
  const { port, paths } = await answering(t, 200);
  assert.equal((await health(port)).status, 0);
  assert.deepEqual(paths, ['GET /healthz']);
});

test('health takes nothing but 200 for an answer, and follows no redirect', async (t) => {
  const elsewhere = await answering(t, 200);
  for (const status of [204, 302, 404, 503]) {
    const { port } = await answering(t, status, { location: `http://127.0.0.1:${elsewhere.port}/healthz` });
    const result = await health(port);
    assert.deepEqual([result.status, result.out], [1, '']);
    assert.match(result.err, new RegExp(`status ${status}$`, 'm'));
  }
  assert.deepEqual(elsewhere.paths, []);
});

test('health ends with 1 when nobody listens', async () => {
  const { status, err } = await health(await freePort());
  assert.equal(status, 1);
  assert.match(err, /ECONNREFUSED/);
});

test('health ends with 1 when a gateway that hangs says nothing', async (t) => {
  const server = createSocketServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { status, err } = await health((server.address() as { port: number }).port);
  assert.equal(status, 1);
  assert.match(err, /timeout after 2000 ms/);
});

test('health asks through no proxy, whatever the environment says', async (t) => {
  const proxy = createServer((_request, response) => response.writeHead(200).end()).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const url = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
  const { status } = await health(await freePort(), { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url });
  assert.equal(status, 1);
});

test('the address to ask is that of the admin listener, through loopback when it listens everywhere', () => {
  assert.deepEqual(adminAddress({}), { host: '127.0.0.1', port: 9090 });
  assert.deepEqual(adminAddress({ HOST: '10.0.0.1', ADMIN_PORT: '1' }), { host: '10.0.0.1', port: 1 });
  assert.deepEqual(adminAddress({ HOST: '10.0.0.1', ADMIN_HOST: '::' }), { host: '::1', port: 9090 });
  assert.deepEqual(adminAddress({ HOST: '10.0.0.1', ADMIN_HOST: '' }), { host: '10.0.0.1', port: 9090 });
  assert.equal(adminAddress({ ADMIN_PORT: '0' }), undefined);
  assert.equal(adminAddress({ ADMIN_PORT: 'many' }), undefined);
  assert.equal(adminAddress({ ADMIN_HOST: 'a b' }), undefined);
});

test('health says what it lacks when the settings leave the port open', async () => {
  const { status, err } = await health(0);
  assert.equal(status, 1);
  assert.match(err, /ADMIN_PORT/);
});
