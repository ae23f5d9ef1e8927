// The create, from the caller's request to the upstream's and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../../support/gateway.ts';

test('an allowed create reaches the upstream once, built anew, under the credential of the gateway', async (t) => {
  const gateway = await startTestGateway(t);
  const token = await gateway.issuer.sign();
  const reply = await gateway.call({
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': 'order-17',
      cookie: 'session=secret',
      'x-forwarded-for': '198.51.100.7',
    },
    body: `  ${JSON.stringify({ ...allowed, region: 'us-east-1' }, null, 4)}\n`,
  });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=201');
  const [sent, ...more] = gateway.forwarded();
  assert.equal(more.length, 0);
  assert.equal(sent?.path, `/v1${peeringsPath}`);
  assert.equal(sent?.body, JSON.stringify(allowed));
  assert.deepEqual(Object.keys(sent?.headers).sort(), [
    'accept',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'user-agent',
    'x-request-id',
  ]);
  assert.equal(sent?.headers['x-request-id'], 'order-17');
  assert.doesNotMatch(sent?.headers.authorization as string, new RegExp(token.slice(-20)));
});

test('an allowed create leaves an intent and an outcome with the same facts', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await gateway.create();
  const [intent, outcome, ...more] = gateway.records;
  assert.equal(more.length, 0);
  assert.equal(intent?.metadata.event_code, 'peering.create.intent');
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  for (const record of [intent, outcome]) {
    assert.equal(record?.actor.user.uid, 'svc-payments');
    assert.equal(record?.actor.idp.name, gateway.issuer.url);
    assert.equal(record?.actor.app_uid, 'payments');
    assert.deepEqual(record?.api.request.data, { clusterId, ...allowed });
    assert.equal(record?.api.request.uid, reply.headers['x-gateway-request-id']);
    assert.equal(record?.unmapped.decision.effect, 'allow');
  }
  assert.equal(outcome?.status_id, 1);
  assert.deepEqual(outcome?.unmapped.upstream, {
    sent: 'yes',
    status: 201,
    requestId: reply.headers['x-request-id'],
    resourceId: reply.json.id,
  });
});

test('a create with an Idempotency-Key goes its way as any other, and the key goes no further', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await gateway.create(allowed, { 'idempotency-key': 'order-17' });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers['idempotency-replayed'], undefined);
  assert.equal(gateway.forwarded().length, 1);
  assert.doesNotMatch(JSON.stringify(gateway.forwarded()) + gateway.output(), /order-17/);
  assert.deepEqual(
    gateway.records.map(({ metadata }) => metadata.event_code),
    ['peering.create.intent', 'peering.create.outcome'],
  );
});
