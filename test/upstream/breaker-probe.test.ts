// An upstream that is left alone is tried again after a pause, by one request at a time; everybody is served again when that
// one succeeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, withoutPreflight } from '../support/gateway.ts';
import { assertCreateCircuitOpen, breakCreates, fail, pauseMs } from './circuit-open.ts';
import { breakApi, createsOf, jsonBody, reply } from './misbehave.ts';

const json = { 'content-type': 'application/json' };

/** A gateway that has just begun to leave its upstream alone; its time goes on only when it is told to. */
async function startFailing(test: Parameters<typeof startTestGateway>[0], environment = {}) {
  const gateway = await startTestGateway(test, { environment });
  test.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  breakCreates(gateway, reply(500, json, '{}'));
  await fail(gateway);
  return { gateway, pass: (milliseconds: number) => test.mock.timers.tick(milliseconds) };
}

test('before the pause is over nothing is let through, and Retry-After says what is left of it', async (t) => {
  const { gateway, pass } = await startFailing(t);
  breakApi(gateway, undefined);
  await assertCreateCircuitOpen(gateway, 5);
  pass(2500);
  await assertCreateCircuitOpen(gateway, 3);
  pass(2499);
  await assertCreateCircuitOpen(gateway, 1);
});

test('after the pause one is let through, and when it succeeds everybody is', async (t) => {
  const { gateway, pass } = await startFailing(t);
  breakApi(gateway, undefined);
  pass(pauseMs);
  const before = createsOf(gateway).length;
  for (let count = 0; count < 3; count += 1) assert.equal((await gateway.create()).status, 201);
  assert.equal(createsOf(gateway).length, before + 3);
  assert.equal(gateway.logs.filter(({ msg }) => /breaker closed: creates/.test(msg)).length, 1);
});

test('after a probe that succeeded it takes ten failures again', async (t) => {
  const { gateway, pass } = await startFailing(t);
  breakApi(gateway, undefined);
  pass(pauseMs);
  assert.equal((await gateway.create()).status, 201);
  breakCreates(gateway, reply(500, json, '{}'));
  await fail(gateway);
  await assertCreateCircuitOpen(gateway);
});

test('a probe that fails is passed on, and begins the pause anew', async (t) => {
  const { gateway, pass } = await startFailing(t);
  pass(pauseMs);
  const probe = await gateway.create();
  assert.equal(probe.status, 500);
  assert.equal(probe.headers['proxy-status'], 'peergate; received-status=500');
  await assertCreateCircuitOpen(gateway, 5);
  pass(pauseMs - 1);
  await assertCreateCircuitOpen(gateway, 1);
  pass(1);
  breakApi(gateway, undefined);
  assert.equal((await gateway.create()).status, 201);
});

test('a probe that is refused with a 4xx has shown that the upstream is well', async (t) => {
  const { gateway, pass } = await startFailing(t);
  pass(pauseMs);
  breakCreates(gateway, reply(404, json, '{}'));
  assert.equal((await gateway.create()).status, 404);
  assert.equal((await gateway.create()).status, 404);
});

test('while a probe hangs the others get their 503 at once, and are served as soon as it has succeeded', async (t) => {
  const { gateway, pass } = await startFailing(t, withoutPreflight);
  pass(pauseMs);
  const before = createsOf(gateway).length;
  const arrived = Promise.withResolvers<() => void>();
  breakCreates(gateway, (_request, response) =>
    arrived.resolve(() => void response.writeHead(201, json).end(jsonBody)),
  );
  const probe = gateway.create();
  const answer = await arrived.promise;
  await Promise.all(Array.from({ length: 5 }, () => assertCreateCircuitOpen(gateway, 1)));
  assert.equal(createsOf(gateway).length, before + 1);
  answer();
  assert.equal((await probe).status, 201);
  breakApi(gateway, undefined);
  assert.equal((await gateway.create()).status, 201);
  assert.equal(createsOf(gateway).length, before + 2);
});
