// Connections that are kept open between requests and end at the worst moment: the create that meets it is told that it may
// have arrived and is not sent again, and the next one has a connection of its own.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startTestGateway, type TestGateway, withoutPreflight } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { assertNextIsClean, assertNothingLeaks, breakApi, createsOf, jsonBody } from './misbehave.ts';

/** Without preflight, creates alone use the connection. */
const oneConnection = { UPSTREAM_CONNECTIONS: '1', ...withoutPreflight };

/** The first create on a connection is answered well, and `second` decides about the next one on it. */
function answerFirst(gateway: TestGateway, second: RequestListener) {
  const used = new Set<Socket>();
  breakApi(gateway, (request, response) => {
    if (used.has(request.socket)) return second(request, response);
    used.add(request.socket);
    response.writeHead(201, { 'content-type': 'application/json' }).end(jsonBody);
  });
  return used;
}

const ends: Record<string, (request: IncomingMessage) => void> = {
  'closed without a word': ({ socket }) => void socket.end(),
  'reset without a word': ({ socket }) => void socket.resetAndDestroy(),
  'cut off': ({ socket }) => void socket.destroy(),
};

for (const [what, end] of Object.entries(ends)) {
  test(`a connection that is ${what} under its second create makes a 502, and that create is not sent again`, async (t) => {
    const gateway = await startTestGateway(t, { environment: oneConnection });
    const used = answerFirst(gateway, (request) => end(request));
    assert.equal((await gateway.create()).status, 201);
    const answer = await gateway.create();
    assert.equal(used.size, 1, 'the second create came on the connection of the first');
    assert.equal(answer.status, 502);
    assert.equal(
      answer.headers['proxy-status'],
      'peergate; error=connection_terminated; details="upstream-unreachable"',
    );
    assert.equal(answer.json.context.sent, 'maybe');
    assert.equal(createsOf(gateway).length, 2);
    const [, , intent, outcome] = gateway.records;
    assert.equal(intent?.metadata.event_code, 'peering.create.intent');
    assert.equal(outcome?.status_id, 0);
    assert.equal(outcome?.status_code, 'upstream-unreachable');
    assert.deepEqual(outcome?.unmapped.upstream, { sent: 'maybe' });
    assertNothingLeaks(gateway, answer);
    await assertNextIsClean(gateway);
  });
}

test('creates that wait for a connection which then ends are sent on a new one, once each', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  const connections = new Set<Socket>();
  const held: (() => void)[] = [];
  breakApi(gateway, (request, response) => {
    connections.add(request.socket);
    const answer = () => response.writeHead(201, { 'content-type': 'application/json' }).end(jsonBody);
    if (connections.size === 1) held.push(() => void request.socket.resetAndDestroy());
    else answer();
  });
  const creates = Array.from({ length: 5 }, () => gateway.create());
  await until('the first is there', () => held.length === 1);
  await until('all are approved', () => gateway.records.length === 5);
  for (const end of held) end();
  const statuses = (await Promise.all(creates)).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [201, 201, 201, 201, 502]);
  assert.equal(createsOf(gateway).length, 5);
  const outcomes = gateway.records.filter(({ metadata }) => metadata.event_code.endsWith('.outcome'));
  assert.deepEqual(outcomes.map(({ status_id }) => status_id).sort(), [0, 1, 1, 1, 1]);
});

test('a connection that ends while it is idle costs no create', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  const gone: Promise<void>[] = [];
  breakApi(gateway, (request, response) => {
    gone.push(new Promise((resolve) => request.socket.once('close', () => resolve())));
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(jsonBody, () => setImmediate(() => request.socket.end()));
  });
  for (let count = 1; count <= 3; count += 1) {
    assert.equal((await gateway.create()).status, 201);
    // Both sides have closed it when this side's socket is gone.
    await gone.at(-1);
    assert.equal(createsOf(gateway).length, count);
  }
});

test('an answer that announces the end of its connection is the last one on it', async (t) => {
  const gateway = await startTestGateway(t, { environment: oneConnection });
  const connections = new Set<Socket>();
  breakApi(gateway, (request, response) => {
    connections.add(request.socket);
    response.writeHead(201, { 'content-type': 'application/json', connection: 'close' }).end(jsonBody);
  });
  for (let count = 0; count < 3; count += 1) assert.equal((await gateway.create()).status, 201);
  assert.equal(connections.size, 3);
  assert.equal(createsOf(gateway).length, 3);
});
