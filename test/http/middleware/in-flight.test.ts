// MAX_IN_FLIGHT: so many requests are served at once, and no more. A place is free again when the work is done, not when
// the caller has lost patience.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream } from '../../acceptance/hold-upstream.ts';
import { assertRefused, type Refusal } from '../../support/assert-refused.ts';
import {
  allowed,
  peeringsPath,
  startTestGateway,
  type TestGateway,
  withoutPreflight,
} from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';
import type { LogLine } from '../../support/log-line.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

const overloaded: Refusal = { status: 503, type: 'system:unavailable', recorded: undefined };

/** A create on a connection of its own, so that the test can hang up. */
async function openCreate(gateway: TestGateway) {
  const body = JSON.stringify(allowed);
  const connection = await openRaw(gateway.port);
  const fields = {
    Authorization: `Bearer ${await gateway.issuer.sign()}`,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
  };
  connection.write(head(`POST ${peeringsPath} HTTP/1.1`, fields) + body);
  return connection;
}

const unanswered = (gateway: TestGateway): LogLine[] =>
  gateway.logs.filter(({ answered }) => answered === false);
const codes = (gateway: TestGateway): string[] => gateway.records.map(({ metadata }) => metadata.event_code);

async function assertFull(gateway: TestGateway): Promise<void> {
  const reply = await assertRefused(gateway, () => gateway.create(), overloaded);
  assert.match(String(reply.headers['retry-after']), /^[1-9]\d*$/);
}

test('a request beyond the limit gets 503 unrecorded, and the next one after the first is done is served', async (t) => {
  const gateway = await startTestGateway(t, { environment: { MAX_IN_FLIGHT: '2', ...withoutPreflight } });
  const upstream = holdUpstream(gateway);
  const waiting = [gateway.create(), gateway.create()];
  await upstream.arrived(2);
  await assertFull(gateway);
  await assertRefused(gateway, () => gateway.call({ path: '/nowhere' }), overloaded);
  const health = await fetch(`${gateway.adminUrl}/healthz`);
  assert.equal(health.status, 200);
  upstream.release();
  for (const reply of await Promise.all(waiting)) assert.equal(reply.status, 201);
  assert.equal((await gateway.create()).status, 201);
});

test('a caller who hangs up keeps its slot until the upstream has answered and the outcome is recorded', async (t) => {
  const gateway = await startTestGateway(t, { environment: { MAX_IN_FLIGHT: '1' } });
  const upstream = holdUpstream(gateway);
  const connection = await openCreate(gateway);
  await upstream.arrived(1);
  connection.destroy();
  await until('noticing that the caller has gone', () => unanswered(gateway).length === 1);
  await assertFull(gateway);
  assert.deepEqual(codes(gateway), ['peering.create.intent']);
  upstream.release();
  await until('the outcome', () => gateway.records.length === 2);
  assert.equal(gateway.records[1]?.metadata.event_code, 'peering.create.outcome');
  assert.equal(gateway.records[1]?.status_id, 1);
  await until('a free place', async () => (await gateway.create()).status === 201);
});

test('a caller who hangs up while keys are fetched is counted once and frees its slot once', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const held: (() => void)[] = [];
  issuer.takeover = (request, response) => {
    held.push(() => {
      const metadata = { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(request.url === '/jwks' ? { keys: issuer.keys } : metadata));
    });
  };
  const gateway = await startTestGateway(t, { issuer, environment: { MAX_IN_FLIGHT: '1' } });
  const connection = await openCreate(gateway);
  await until('the fetch', () => held.length === 1);
  await until('a full gateway', async () => (await gateway.call({ path: '/nowhere' })).status === 503);
  connection.destroy();
  await until('noticing that the caller has gone', () => unanswered(gateway).length === 1);
  await assertFull(gateway);
  issuer.takeover = undefined;
  for (const answer of held) answer();
  await until('a free place', async () => (await gateway.call({ path: '/nowhere' })).status === 404);
  assert.deepEqual(codes(gateway), ['peering.create.refused']);
  assert.equal(gateway.cloud.connections, 0);
  const upstream = holdUpstream(gateway);
  const waiting = gateway.create();
  await upstream.arrived(1);
  await assertFull(gateway);
  upstream.release();
  assert.equal((await waiting).status, 201);
});

test('a client that sends its body slowly has a slot, and one that gives up on it frees it', async (t) => {
  const gateway = await startTestGateway(t, { environment: { MAX_IN_FLIGHT: '1' } });
  const connection = await openRaw(gateway.port);
  const fields = {
    Authorization: `Bearer ${await gateway.issuer.sign()}`,
    'Content-Type': 'application/json',
    'Content-Length': '500',
    Expect: '100-continue',
  };
  connection.write(head(`POST ${peeringsPath} HTTP/1.1`, fields));
  assert.equal((await connection.answer()).status, 100);
  await assertFull(gateway);
  connection.destroy();
  await until('a free place', async () => (await gateway.create()).status === 201);
  assert.deepEqual(codes(gateway), [
    'peering.create.refused',
    'peering.create.intent',
    'peering.create.outcome',
  ]);
});
