// Stopping: nothing new is taken on, what is in flight is finished and recorded, and no connection is left.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { close, closeIdle, createListener, listen } from '../../src/http/listener/create-listener.ts';
import { assertProblem, assertRefused } from '../support/assert-refused.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { head, openRaw, type RawConnection } from '../support/raw-http.ts';
import { requestsBegun } from '../support/requests-begun.ts';
import { until } from '../support/until.ts';
import { untilSeries } from '../telemetry/scrape.ts';
import { holdUpstream, peeringId } from './hold-upstream.ts';

const stopping = { status: 503, type: 'system:unavailable', recorded: 'stopping' } as const;
const body = JSON.stringify(allowed);

/** A create of which only the first 40 bytes have come. */
async function openHalf(gateway: TestGateway) {
  const connection = await openRaw(gateway.port);
  const request = head(`POST ${peeringsPath} HTTP/1.1`, {
    Authorization: `Bearer ${await gateway.issuer.sign()}`,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
  });
  connection.write(request.slice(0, 40));
  return { ...connection, finish: () => connection.write(request.slice(40) + body) };
}

/** A connection that has had an answer, and waits. */
async function openIdle(gateway: TestGateway): Promise<RawConnection> {
  const connection = await openRaw(gateway.port);
  connection.write(head('GET /openapi.json HTTP/1.1'));
  const answer = await connection.answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['connection'], 'keep-alive');
  return connection;
}

const codes = (gateway: TestGateway) => gateway.records.map(({ metadata }) => metadata.event_code);

test('on stop, readiness fails at once, no connection is taken, and a create in flight ends with 201 and its outcome', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const connection = await openHalf(gateway);
  connection.finish();
  await upstream.arrived(1);
  assert.equal((await fetch(`${gateway.adminUrl}/readyz`)).status, 200);
  const stopped = gateway.stop();
  const ready = await fetch(`${gateway.adminUrl}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(((await ready.json()) as { checks: { notStopping: boolean } }).checks.notStopping, false);
  assert.equal((await fetch(`${gateway.adminUrl}/healthz`)).status, 200);
  await until('no new connection is taken', () =>
    openRaw(gateway.port).then(
      (late) => {
        late.destroy();
        return false;
      },
      () => true,
    ),
  );
  upstream.release();
  const reply = await connection.answer();
  assert.equal(reply.status, 201);
  assert.equal(reply.json.id, peeringId);
  assert.equal(reply.headers['connection'], 'close', 'nothing may follow on this connection');
  assert.equal(await connection.rest(), '');
  await stopped;
  const [intent, outcome, ...more] = gateway.records;
  assert.deepEqual(more, []);
  assert.equal(intent?.metadata.event_code, 'peering.create.intent');
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome?.api.request.uid, intent?.api.request.uid);
  assert.equal(outcome?.status_id, 1);
});

test('a request that is on its way on an open connection when the stop comes is served, as the last one there', async (t) => {
  const gateway = await startTestGateway(t);
  const [half, idle] = [await openHalf(gateway), await openIdle(gateway)];
  const stopped = gateway.stop();
  half.finish();
  idle.write(head('GET /openapi.json HTTP/1.1'));
  const created = await half.answer();
  assert.equal(created.status, 201);
  assert.equal(created.headers['connection'], 'close');
  assert.equal(await half.rest(), '');
  const document = await idle.answer();
  assert.equal(document.status, 200);
  assert.equal(document.headers['connection'], 'close');
  assert.equal(await idle.rest(), '');
  await stopped;
  assert.deepEqual(codes(gateway), ['peering.create.intent', 'peering.create.outcome']);
});

test('a request that is whole only after the moment for what was on its way gets 503, with nothing sent', async (t) => {
  const gateway = await startTestGateway(t);
  const [half, idle] = [await openHalf(gateway), await openIdle(gateway)];
  const upstream = holdUpstream(gateway);
  const create = gateway.create();
  await upstream.arrived(1);
  const stopped = gateway.stop();
  assert.equal(await idle.rest(), '', 'the moment is over when idle connections are closed');
  const refused = await assertRefused(
    gateway,
    () => {
      half.finish();
      return half.answer();
    },
    stopping,
  );
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/);
  assert.equal(refused.headers['connection'], 'close');
  assert.equal(await half.rest(), '');
  upstream.release();
  assert.equal((await create).status, 201);
  await stopped;
  assert.deepEqual(codes(gateway), [
    'peering.create.intent',
    'peering.create.refused',
    'peering.create.outcome',
  ]);
});

test('a request behind one in flight on the same connection is served after it, and ends the connection', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
  const connection = await openRaw(gateway.port);
  connection.write(head(`GET ${peeringsPath} HTTP/1.1`, fields));
  await upstream.arrived(1);
  const stopped = gateway.stop();
  const begun = requestsBegun(gateway.port);
  connection.write(head(`GET ${peeringsPath} HTTP/1.1`, fields));
  await begun;
  upstream.release();
  const [first, second] = [await connection.answer(), await connection.answer()];
  assert.deepEqual([first.status, first.headers['connection']], [201, 'keep-alive']);
  assert.deepEqual([second.status, second.headers['connection']], [200, 'close']);
  assert.equal(await connection.rest(), '');
  await stopped;
});

test('whoever is connected when the stop comes is served, however many wait to be accepted', async (t) => {
  const gateway = await startTestGateway(t);
  const sockets = Array.from({ length: 64 }, () => connect(gateway.port, '127.0.0.1'));
  const answers = sockets.map(async (socket) => {
    socket.write(head('GET /openapi.json HTTP/1.1', { Connection: 'close' }));
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text.slice(0, 15);
  });
  // By now the kernel has connected them, and nobody has accepted them: the event loop has not looked at a socket since.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const stopped = gateway.stop();
  assert.deepEqual([...new Set(await Promise.all(answers))], ['HTTP/1.1 200 OK']);
  await stopped;
});

test('what has arrived on an idle connection when idle ones are closed is answered first', async (t) => {
  const server = createListener((_request, response) => void response.end('answered'));
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => close(server));
  const connection = await openRaw(port);
  connection.write(head('GET / HTTP/1.1'));
  assert.equal((await connection.answer()).text, 'answered');
  connection.write(head('GET / HTTP/1.1'));
  await closeIdle(server, 5000);
  assert.equal((await connection.answer()).text, 'answered');
  connection.destroy();
});

test('at the end of the grace period a request is cut off, and its outcome is recorded as unknown', async (t) => {
  const gateway = await startTestGateway(t, { environment: { SHUTDOWN_GRACE_MS: '50' } });
  const upstream = holdUpstream(gateway);
  const create = gateway.create().catch((error: unknown) => error);
  await upstream.arrived(1);
  await gateway.stop();
  await create;
  const [, outcome, ...more] = gateway.records;
  assert.deepEqual(more, []);
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome?.status_id, 0);
  assert.equal(outcome?.unmapped.upstream.sent, 'maybe');
});

test('at the end of the grace period creates that wait for another are refused, as nothing of them was sent', async (t) => {
  const gateway = await startTestGateway(t, { environment: { SHUTDOWN_GRACE_MS: '50' } });
  const upstream = holdUpstream(gateway);
  const first = gateway.create().catch((error: unknown) => error);
  await upstream.arrived(1);
  const connections = await Promise.all(Array.from({ length: 12 }, () => openHalf(gateway)));
  for (const { finish } of connections) finish();
  const answers = connections.map((connection) => connection.answer());
  await untilSeries(gateway, 'requests_in_flight', 13);
  const sent = gateway.cloud.requests.length;
  await gateway.stop();
  await first;
  for (const answer of await Promise.all(answers)) {
    assertProblem(answer, stopping);
    assert.equal(answer.headers['retry-after'], '5');
    assert.equal(answer.json.context.sent, 'no');
  }
  assert.equal(gateway.cloud.requests.length, sent);
});

test('a stop with nothing in flight ends at once, idle connections included, and again does no harm', async (t) => {
  const gateway = await startTestGateway(t, { environment: { SHUTDOWN_GRACE_MS: '600000' } });
  const connection = await openRaw(gateway.port);
  connection.write(head('GET /openapi.json HTTP/1.1'));
  assert.equal((await connection.answer()).status, 200);
  const silent = await openRaw(gateway.port);
  await Promise.all([gateway.stop(), gateway.stop()]);
  assert.equal(await connection.rest(), '');
  assert.equal(await silent.rest(), '');
});
