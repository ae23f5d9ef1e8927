// Whose request id the caller sees: the upstream's when it gave a good one, otherwise the one that was sent to it.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { breakApi, bytes, head } from './misbehave.ts';

const answerWith = (...ids: string[]) =>
  bytes(
    `${head('201 Created', 'Content-Type: application/json', 'Content-Length: 2', ...ids.map((id) => `X-Request-Id: ${id}`))}{}`,
  );

test('the upstream gives an id: the caller sees it, and the record holds all three', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, answerWith('upstream-5'));
  const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
  assert.equal(answer.headers['x-request-id'], 'upstream-5');
  assert.equal(gateway.forwarded()[0]?.headers['x-request-id'], 'order-17');
  const outcome = gateway.records.at(-1);
  assert.equal(outcome?.unmapped.upstream.requestId, 'upstream-5');
  assert.equal(outcome?.http_request.uid, 'order-17');
  assert.equal(outcome?.api.request.uid, answer.headers['x-gateway-request-id']);
});

test('the upstream gives none: the caller sees its own again', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, answerWith());
  const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
  assert.equal(answer.headers['x-request-id'], 'order-17');
  assert.equal(gateway.records.at(-1)?.unmapped.upstream.requestId, undefined);
});

test('nobody gives one: the id of the gateway goes upstream and back', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, answerWith());
  const answer = await gateway.create();
  const own = answer.headers['x-gateway-request-id'];
  assert.match(String(own), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(answer.headers['x-request-id'], own);
  assert.equal(gateway.forwarded()[0]?.headers['x-request-id'], own);
});

const peeringId = '3aedab2c-98c0-4c70-a85c-c3f2b7907672';
const answeredFromLists = {
  'a single peering': [`${peeringsPath}/${peeringId}`, `{"vpcPeerings":[{"id":"${peeringId}"}]}`],
  'a single peering with waiting': [
    `${peeringsPath}/${peeringId}?wait=active&timeoutSeconds=1`,
    `{"vpcPeerings":[{"id":"${peeringId}","status":"rejected"}]}`,
  ],
  'the list of clusters': ['/database/clusters', `{"clusters":[{"id":"${clusterId}"}]}`],
};

for (const [what, [path = '', body]] of Object.entries(answeredFromLists))
  test(`${what} is answered with the id of the last page, and the record holds all three`, async (t) => {
    const gateway = await startTestGateway(t);
    const headers = {
      authorization: `Bearer ${await gateway.issuer.sign()}`,
      'x-request-id': 'order-17',
    };
    for (const [last, expected] of [
      ['upstream-2', 'upstream-2'],
      [undefined, 'order-17'],
      ['not one', 'order-17'],
    ] as const) {
      const page =
        (id: string | undefined): RequestListener =>
        (_request, response) => {
          // The sandbox has given one.
          response.removeHeader('X-Request-Id');
          const given = id === undefined ? {} : { 'X-Request-Id': id };
          response.writeHead(200, { 'Content-Type': 'application/json', ...given }).end(body);
        };
      gateway.cloud.setFault(({ path: asked }) => {
        if (!asked.includes('?limit=')) return undefined;
        return page(asked.endsWith('offset=0') ? 'upstream-1' : last);
      });
      const answer = await gateway.call({ path, headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-request-id'], expected);
      const record = gateway.records.at(-1);
      assert.equal(record?.unmapped.upstream.requestId, last === 'upstream-2' ? last : undefined);
      assert.equal(record?.http_request.uid, 'order-17');
      assert.equal(record?.api.request.uid, answer.headers['x-gateway-request-id']);
    }
  });

const unusable = {
  'two of them': ['a', 'b'],
  'one with spaces': ['a b'],
  'an empty one': [''],
  'one beyond ASCII': ['é'],
  'one that is very long': ['x'.repeat(201)],
};

for (const [what, ids] of Object.entries(unusable)) {
  test(`the upstream gives ${what}: it counts as none`, async (t) => {
    const gateway = await startTestGateway(t);
    breakApi(gateway, answerWith(...ids));
    const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['x-request-id'], 'order-17');
    assert.equal(gateway.records.at(-1)?.unmapped.upstream.requestId, undefined);
  });
}

test('a broken answer brings no id of the upstream with it', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, bytes(head('302 Found', 'X-Request-Id: upstream-5', 'Content-Length: 0')));
  const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
  assert.equal(answer.status, 502);
  assert.equal(answer.headers['x-request-id'], 'order-17');
});
