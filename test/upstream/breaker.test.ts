// When Aerospike Cloud keeps failing, requests are refused at once, and only then. Whatever kind of failure it is counts;
// a refusal does not.

import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, withoutPreflight } from '../support/gateway.ts';
import {
  assertCircuitOpen,
  assertCreateCircuitOpen,
  breakCreates,
  fail,
  failuresInARow,
  list,
} from './circuit-open.ts';
import { breakEveryCall, bytes, createsOf, head, reply } from './misbehave.ts';

const json = { 'content-type': 'application/json' };

const failures: Record<string, RequestListener> = {
  'a reset': (request) => void request.socket.resetAndDestroy(),
  'a timeout': () => undefined,
  'a body that breaks off': bytes(`${head('201 Created', 'Content-Length: 100')}{`),
  'an answer that is no HTTP': bytes('hello\r\n\r\n'),
  'a redirect': reply(302, { location: '/elsewhere' }),
  'a page in place of JSON': reply(200, { 'content-type': 'text/html' }, '<html>'),
  'a 500': reply(500, json, '{}'),
  'a 503': reply(503, { ...json, 'retry-after': '17' }, '{}'),
};

for (const [what, listener] of Object.entries(failures)) {
  test(`${what}, ten times in a row, and the next create gets 503 at once and is not sent`, async (t) => {
    // Long enough for preflight on a busy machine, which must not be what fails.
    const environment: Record<string, string> = what === 'a timeout' ? { UPSTREAM_TIMEOUT_MS: '600' } : {};
    const gateway = await startTestGateway(t, { environment });
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    breakCreates(gateway, listener);
    await fail(gateway);
    assert.equal(createsOf(gateway).length, failuresInARow);
    await assertCreateCircuitOpen(gateway);
    await assertCreateCircuitOpen(gateway);
    const said = gateway.logs.filter(({ msg }) => /breaker open: creates/.test(msg));
    assert.equal(said.length, 1);
    assert.equal(said[0]?.level, 'error');
  });
}

test('a refused connection, ten times in a row, and no more connections are made', async (t) => {
  const port = await freePort();
  const environment = { AEROSPIKE_API_URL: `http://127.0.0.1:${port}/v1`, ...withoutPreflight };
  const gateway = await startTestGateway(t, { environment });
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  await fail(gateway);
  const back = await startLoopbackServer(reply(201, json, '{"id":"peering-1"}'), port);
  t.after(() => back.close());
  await assertCreateCircuitOpen(gateway);
  assert.equal(back.connections, 0);
});

test('while the circuit is open, nobody waits for a service token either', async (t) => {
  // Creates that were certainly not sent, so that nothing has to be looked up for them in the background.
  const environment = { AEROSPIKE_API_URL: `http://127.0.0.1:${await freePort()}/v1`, ...withoutPreflight };
  const gateway = await startTestGateway(t, { environment, cloud: { tokenLifetimeSeconds: 3 } });
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  await fail(gateway);
  assert.equal(gateway.cloud.tokenRequests, 1);
  t.mock.timers.tick(4000);
  await assertCreateCircuitOpen(gateway, 1);
  assert.equal(gateway.cloud.tokenRequests, 1, 'although the one that it had has ended');
});

const noFailures: Record<string, readonly [status: number, listener: RequestListener]> = {
  'a 400': [400, reply(400, json, '{}')],
  'a 404': [404, reply(404, json, '{}')],
  'a 409': [409, reply(409, json, '{}')],
  'a 429': [429, reply(429, json, '{}')],
  'a 401': [502, reply(401, json, '{}')],
  'a 401 with a page': [502, reply(401, { 'content-type': 'text/html' }, '<html>')],
  'a 401 whose body breaks off': [502, bytes(`${head('401 Unauthorized', 'Content-Length: 100')}{`)],
  'a 201': [201, reply(201, json, '{"id":"peering-1"}')],
};

for (const [what, [status, listener]] of Object.entries(noFailures)) {
  test(`${what} is no failure: it lets ten more come before anything is refused`, async (t) => {
    const gateway = await startTestGateway(t);
    const failing = reply(500, json, '{}');
    breakCreates(gateway, failing);
    await fail(gateway, failuresInARow - 1);
    breakCreates(gateway, listener);
    for (let count = 0; count < failuresInARow + 1; count += 1) {
      assert.equal((await gateway.create()).status, status);
    }
    breakCreates(gateway, failing);
    await fail(gateway, failuresInARow - 1);
  });
}

test('creates that fail are refused while reads, which do not, are served', async (t) => {
  const gateway = await startTestGateway(t);
  breakCreates(gateway, reply(500, json, '{}'));
  for (let count = 0; count < failuresInARow; count += 1) {
    await fail(gateway, 1);
    assert.equal((await list(gateway)).status, 200);
  }
  await assertCreateCircuitOpen(gateway);
  assert.equal((await list(gateway)).status, 200);
});

test('lists that fail are refused, recorded as failed and not sent, while creates are served', async (t) => {
  // With preflight, a create needs reads, too.
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const failing = reply(500, json, '{}');
  gateway.cloud.setFault(({ method, path }) =>
    method === 'GET' && path.startsWith('/v1/') ? failing : undefined,
  );
  for (let count = 0; count < failuresInARow; count += 1) assert.equal((await list(gateway)).status, 500);
  const sent = gateway.apiRequests().length;
  assertCircuitOpen(await list(gateway), 5);
  assert.equal(gateway.apiRequests().length, sent);
  const record = gateway.records.at(-1);
  assert.equal(record?.metadata.event_code, 'peering.list.outcome');
  assert.equal(record?.status_id, 2);
  assert.equal(record?.status_code, 'circuit-open');
  assert.deepEqual(record?.unmapped.upstream, { sent: 'no' });
  assert.equal((await gateway.create()).status, 201);
});

test('a create is refused when its preflight cannot be made, and has no intent', async (t) => {
  const gateway = await startTestGateway(t);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  breakEveryCall(gateway, reply(500, json, '{}'));
  await fail(gateway);
  const sent = gateway.apiRequests().length;
  const answer = await gateway.create();
  assertCircuitOpen(answer, 5);
  assert.equal(gateway.apiRequests().length, sent);
  assert.equal(createsOf(gateway).length, 0);
  const record = gateway.records.at(-1);
  assert.equal(record?.metadata.event_code, 'peering.create.refused');
  assert.equal(record?.status_id, 2);
  assert.equal(record?.status_code, 'circuit-open');
  assert.equal(record?.api.request.uid, answer.headers['x-gateway-request-id']);
  assert.deepEqual(record?.unmapped.upstream, { sent: 'no' });
});
