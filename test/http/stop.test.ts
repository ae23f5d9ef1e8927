// Stopping: nothing new is taken on, what is in flight is finished and recorded, and no connection is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { head, openRaw, sendRaw } from '../support/raw-http.ts';
import { assertProblem, assertRefused } from './assert-refused.ts';
import { holdUpstream, peeringId } from './hold-upstream.ts';

const stopping = { status: 503, type: 'system:unavailable', recorded: 'stopping' } as const;
const body = JSON.stringify(allowed);

test('on stop, readiness fails at once, a create in flight ends with 201 and its outcome, new requests get 503', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const half = await openRaw(gateway.port);
  const request = head(`POST ${peeringsPath} HTTP/1.1`, {
    Authorization: authorization,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
  });
  half.write(request.slice(0, 40));
  const create = gateway.create();
  await upstream.arrived(1);
  assert.equal((await fetch(`${gateway.adminUrl}/readyz`)).status, 200);

  const stopped = gateway.stop();
  const ready = await fetch(`${gateway.adminUrl}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(((await ready.json()) as { checks: { notStopping: boolean } }).checks.notStopping, false);
  assert.equal((await fetch(`${gateway.adminUrl}/healthz`)).status, 200);
  const refused = await assertRefused(
    gateway,
    async () => {
      half.write(request.slice(40) + body);
      return await half.answer();
    },
    stopping,
  );
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/);
  assert.equal(refused.headers['connection'], 'close');
  assert.equal(await half.rest(), '');
  await assert.rejects(sendRaw(gateway.port, request + body), 'no new connection is taken');

  upstream.release();
  const reply = await create;
  assert.equal(reply.status, 201);
  assert.equal(reply.json.id, peeringId);
  await stopped;
  const [intent, refusal, outcome, ...more] = gateway.records;
  assert.deepEqual(more, []);
  assert.equal(intent.metadata.event_code, 'peering.create.intent');
  assert.equal(refusal.metadata.event_code, 'peering.create.refused');
  assert.equal(outcome.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome.api.request.uid, intent.api.request.uid);
  assert.equal(outcome.status_id, 1);
});

test('a request behind one in flight on the same connection is answered after it, with 503', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
  const connection = await openRaw(gateway.port);
  connection.write(head(`GET ${peeringsPath} HTTP/1.1`, fields));
  await upstream.arrived(1);
  const stopped = gateway.stop();
  connection.write(head(`GET ${peeringsPath} HTTP/1.1`));
  upstream.release();
  assert.equal((await connection.answer()).status, 201);
  assertProblem(await connection.answer(), stopping);
  assert.equal(await connection.rest(), '');
  await stopped;
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
  assert.equal(outcome.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome.status_id, 0);
  assert.equal(outcome.unmapped.upstream.sent, 'maybe');
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
