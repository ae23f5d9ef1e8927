// The ids of a request: the gateway's own, the one that goes upstream, and the one that the upstream gave. All of them are
// in the answer and in the record, and a caller cannot put anything else there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { unlimited } from '../../support/post.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function list(gateway: TestGateway, headers: string[]) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const reply = await gateway.call({ headers: ['authorization', authorization, ...headers] });
  assert.equal(reply.status, 200);
  return { reply, sent: gateway.apiRequests().at(-1)?.headers['x-request-id'] as string };
}

test('a good id of the caller goes upstream as it is', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const ids = ['a', '0', 'order-17', 'x'.repeat(128), 'ABCxyz019._:~+/=-', '..', '//'];
  for (const id of ids) {
    const { reply, sent } = await list(gateway, ['x-request-id', id]);
    assert.equal(sent, id);
    assert.match(String(reply.headers['x-gateway-request-id']), uuid);
    assert.notEqual(reply.headers['x-gateway-request-id'], id);
  }
});

test('any other id is replaced by the gateway’s own, and is not repeated anywhere', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const ids = [
    '',
    'spoilt id',
    'spoilt,id',
    'spoilt"id',
    'spoilt;id',
    'spoilt<id>',
    'spoilt\tid',
    'spoilt%0d%0aid',
    '{spoilt}',
    'spoilt\u00e9',
    'y'.repeat(129),
  ];
  for (const id of ids) {
    const { reply, sent } = await list(gateway, ['x-request-id', id]);
    assert.equal(sent, reply.headers['x-gateway-request-id'], id);
    assert.match(sent, uuid);
  }
  assert.doesNotMatch(gateway.output(), /spoilt|y{129}/);
});

test('two ids of the caller are no id', async (t) => {
  const gateway = await startTestGateway(t);
  const { reply, sent } = await list(gateway, ['x-request-id', 'one', 'X-Request-ID', 'two']);
  assert.equal(sent, reply.headers['x-gateway-request-id']);
});

test('no two requests have the same gateway id, and a caller cannot choose it', async (t) => {
  const gateway = await startTestGateway(t);
  const forged = '00000000-0000-4000-8000-000000000000';
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => gateway.call({ headers: { 'x-gateway-request-id': forged } })),
  );
  const ids = new Set(replies.map(({ headers }) => String(headers['x-gateway-request-id'])));
  assert.equal(ids.size, 20);
  assert.ok(!ids.has(forged));
});

test('the answer carries the id that the upstream gave', async (t) => {
  const gateway = await startTestGateway(t);
  const { reply, sent } = await list(gateway, ['x-request-id', 'mine']);
  const given = gateway.cloud.requests.at(-1)?.requestId;
  assert.notEqual(given, sent);
  assert.equal(reply.headers['x-request-id'], given);
});

test('without a usable id of the upstream, the answer carries the one that was sent', async (t) => {
  const gateway = await startTestGateway(t);
  for (const given of [undefined, 'has a space', 'z'.repeat(201)]) {
    gateway.cloud.setFault(({ path }) =>
      path === '/oauth/token'
        ? undefined
        : (_request, response) => {
            response.removeHeader('x-request-id');
            if (given !== undefined) response.setHeader('x-request-id', given);
            response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
          },
    );
    const { reply } = await list(gateway, ['x-request-id', 'mine']);
    assert.equal(reply.headers['x-request-id'], 'mine');
  }
});

test('a refusal carries the ids too, and its problem is named by the gateway’s', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await gateway.call({ headers: { 'x-request-id': 'mine' } });
  assert.equal(reply.status, 401);
  assert.equal(reply.headers['x-request-id'], 'mine');
  assert.equal(reply.json.instance, `urn:uuid:${reply.headers['x-gateway-request-id']}`);
});

test('all three ids are in the record of the outcome, and two in the log line', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await gateway.create(allowed, { 'x-request-id': 'mine' });
  const outcome = gateway.records.at(-1);
  const own = reply.headers['x-gateway-request-id'];
  assert.equal(outcome?.api.request.uid, own);
  assert.equal(outcome?.http_request.uid, 'mine');
  assert.equal(outcome?.unmapped.upstream.requestId, reply.headers['x-request-id']);
  const line = gateway.logs.find(
    ({ gatewayRequestId, route }) => gatewayRequestId === own && route !== undefined,
  );
  assert.equal(line?.requestId, 'mine');
  assert.equal(line?.route, peeringsPath.replace(/clusters\/[^/]+/, 'clusters/{clusterId}'));
});
