// SHUTDOWN_DELAY_MS: after SIGTERM the gateway is not ready, and serves everybody who still comes, so that a load balancer
// has the time to stop sending. Only then does the stop begin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, put } from '../support/call-peering.ts';
import { allowed, peeringsPath, send, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { head, openRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { type ServedProcess, type Surroundings, serve, surround } from './process.ts';

/** Longer than any test: what ends earlier was ended by something else. */
const environment = { SHUTDOWN_DELAY_MS: '600000' };

/** Begins the delay; `skip` ends it. */
function beginDelay(gateway: TestGateway) {
  const { promise, resolve: skip } = Promise.withResolvers<void>();
  return { skip, over: gateway.drain(promise) };
}

const isRefused = (port: number): Promise<boolean> =>
  openRaw(port).then(
    (connection) => {
      connection.destroy();
      return false;
    },
    () => true,
  );

test('during the shutdown delay readiness fails, and new and open connections are served, each for one answer', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const idle = await openRaw(gateway.port);
  idle.write(head('GET /openapi.json HTTP/1.1'));
  assert.equal((await idle.answer()).headers['connection'], 'keep-alive');
  const { skip, over } = beginDelay(gateway);
  const ready = await send(gateway.adminUrl, { path: '/readyz' });
  assert.deepEqual([ready.status, ready.json.checks.notStopping], [503, false]);
  for (let count = 0; count < 3; count += 1) {
    const connection = await openRaw(gateway.port);
    const authorization = `Bearer ${await gateway.issuer.sign()}`;
    connection.write(head(`GET ${peeringsPath} HTTP/1.1`, { authorization }));
    const { status, headers } = await connection.answer();
    assert.deepEqual([status, headers['connection']], [200, 'close']);
    assert.equal(await connection.rest(), '');
  }
  assert.equal((await gateway.create()).status, 201);
  idle.write(head('GET /openapi.json HTTP/1.1'));
  const last = await idle.answer();
  assert.deepEqual([last.status, last.headers['connection']], [200, 'close']);
  assert.equal(await idle.rest(), '');
  skip();
  await over;
  await gateway.stop();
  assert.ok(await isRefused(gateway.port));
});

test('a wait goes on during the shutdown delay, a new one may begin, and both end with 202 when it is over', async (t) => {
  const gateway = await startTestGateway(t, { environment });
  const [early, late, served] = [1, 2, 3].map(() => put(gateway, 'provisioning'));
  const wait = (id = '') => get(gateway, id, '?wait=active&timeoutSeconds=300');
  const waiting = async (count: number) =>
    /^peergate_requests_waiting (\d+)$/m.exec(
      (await send(gateway.adminUrl, { path: '/metrics' })).text,
    )?.[1] === String(count);
  const answers = [wait(early), wait(served)];
  await until('two wait', () => waiting(2));
  const { skip, over } = beginDelay(gateway);
  answers.push(wait(late));
  await until('three wait', () => waiting(3));
  gateway.cloud.setStatus(served ?? '', 'active');
  assert.equal((await answers[1])?.status, 200);
  skip();
  await over;
  await gateway.stop();
  const ended = await Promise.all([answers[0], answers[2]]);
  for (const answer of ended)
    assert.deepEqual([answer?.status, answer?.headers['connection']], [202, 'close']);
});

/** A gateway in its delay, with a create in flight that Aerospike Cloud does not answer before `release`. */
async function serveInDelay(around: Surroundings, gateway: ServedProcess) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let held = 0;
  around.cloud.setFault(({ path }) =>
    path.startsWith('/v1/')
      ? (_request, response) => {
          held += 1;
          void released.then(() =>
            response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"peering-1"}'),
          );
        }
      : undefined,
  );
  const authorization = `Bearer ${await around.issuer.sign()}`;
  const create = send(`http://127.0.0.1:${gateway.port}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(allowed),
  });
  await until('the create is held', () => held === 1);
  gateway.signal('SIGTERM');
  await until('it is not ready', async () => (await gateway.admin('/readyz')) === 503);
  assert.equal(await isRefused(gateway.port), false, 'the delay has begun');
  return { create, release };
}

for (const second of ['SIGTERM', 'SIGINT'] as const) {
  test(`a second signal, ${second}, skips the shutdown delay, and what is in flight is finished`, async (t) => {
    const around = await surround(t);
    const gateway = await serve(t, around, 'audit.jsonl', environment);
    const { create, release } = await serveInDelay(around, gateway);
    gateway.signal(second);
    await until('no connection is taken', () => isRefused(gateway.port));
    release();
    assert.equal((await create).status, 201);
    assert.deepEqual(await gateway.exited, [0, null]);
  });
}

test('a signal after the one that skipped the shutdown delay ends the process at once', async (t) => {
  const around = await surround(t);
  const gateway = await serve(t, around, 'audit.jsonl', environment);
  const { create } = await serveInDelay(around, gateway);
  const lost = assert.rejects(create);
  gateway.signal('SIGTERM');
  await until('no connection is taken', () => isRefused(gateway.port));
  gateway.signal('SIGTERM');
  assert.deepEqual(await gateway.exited, [null, 'SIGTERM']);
  await lost;
});

test('SIGINT stops the gateway without the shutdown delay', async (t) => {
  const gateway = await serve(t, await surround(t), 'audit.jsonl', environment);
  gateway.signal('SIGINT');
  assert.deepEqual(await gateway.exited, [0, null]);
});

test('the shutdown delay ends by itself, and the process with 0', async (t) => {
  const gateway = await serve(t, await surround(t), 'audit.jsonl', { SHUTDOWN_DELAY_MS: '100' });
  gateway.signal('SIGTERM');
  assert.deepEqual(await gateway.exited, [0, null]);
  assert.equal(gateway.logs.at(-1)?.msg, 'stopped');
});
