// Real answers of a running gateway against `openapi/gateway.yaml`: status, media type, body and header fields are the
// documented ones, and every example is what really comes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../sandbox/reply.ts';
import { type ErrorCode, errorRules } from '../../src/errors.ts';
import { type Loose, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { assertDocumented, contract, operation } from './assert-documented.ts';
import { provokable, provoke } from './refusals.ts';

const create = operation('createVPCPeerings');
const list = operation('getVPCPeerings');

/** What differs between any two occurrences of the same problem. */
const occurrence = ({ instance: _, ...problem }: Loose): Loose => {
  const text = JSON.stringify(problem).replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');
  return JSON.parse(text.replaceAll(problem.context?.policyVersion ?? 'VERSION', 'VERSION'));
};

/** Need a wait of seconds, or a bug; or are no answer to a create (`live-peerings.test.ts`). */
const notProvoked: readonly ErrorCode[] = [
  'peering-unknown',
  'peering-ambiguous',
  'request-timeout',
  'cluster-busy',
  // The fleet's own tests provoke these.
  'fleet-unavailable',
  'peering-limit',
  'vpc-peered-elsewhere',
  'service-token-timeout',
  'internal',
];

test('every problem is provoked below or is known not to be', () => {
  assert.deepEqual([...provokable, ...notProvoked].toSorted(), Object.keys(errorRules).toSorted());
});

for (const code of provokable) {
  test(`${code} is answered as documented, and forwards and records what it should`, async (t) => {
    const { reply, gateway, forwarded, reads, recorded } = await provoke(t, code);
    const { status, type } = errorRules[code];
    assert.equal(reply.status, status);
    assert.equal(reply.json.type, type);
    assertDocumented(create, reply);
    contract.assertValid(contract.root.components.schemas.GatewayProblem, reply.json, code);
    assert.deepEqual(occurrence(reply.json), occurrence(contract.root.components.examples[code].value));
    assert.equal(reply.json.instance, `urn:uuid:${reply.headers['x-gateway-request-id']}`);
    assert.match(String(reply.headers['proxy-status']), /^peergate; error=/);
    if (!recorded.some((event) => event.endsWith('.intent')) && forwarded === 0 && !reads)
      assert.equal(gateway.cloud.connections, 0);
    assert.equal(gateway.forwarded().length, forwarded);
    assert.deepEqual(
      gateway.records.map(({ metadata }) => metadata.event_code),
      recorded,
    );
    const { headers } = reply;
    if (status === 401) assert.match(String(headers['www-authenticate']), /^Bearer /);
    if (status === 405) assert.equal(headers['allow'], 'POST, GET');
    if (status === 429 || status === 503) assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
    if (code === 'rate-limited') assert.match(String(headers['ratelimit']), /"caller"; r=0/);
  });
}

test('a create and a list are answered as documented', async (t) => {
  const gateway = await startTestGateway(t);
  const created = await gateway.create();
  assert.equal(created.status, 201);
  assertDocumented(create, created);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const listed = await gateway.call({ path: `${peeringsPath}?limit=5&offset=0`, headers: { authorization } });
  assert.equal(listed.status, 200);
  assert.equal(listed.json.vpcPeerings[0]?.id, created.json.id);
  assertDocumented(list, listed);
});

test('a create that is given again is answered as documented, the peering as it was made', async (t) => {
  const gateway = await startTestGateway(t);
  const header = contract.root.components.parameters['Idempotency-Key'];
  const key = { 'idempotency-key': header.example };
  contract.assertValid(header.schema, header.example, 'Idempotency-Key');
  const [first, again] = [await gateway.create(undefined, key), await gateway.create(undefined, key)];
  for (const reply of [first, again]) assertDocumented(create, reply);
  assert.equal(again.status, 201);
  assert.equal(again.text, first.text);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.headers['proxy-status'], 'peergate');
  assert.equal(first.headers['idempotency-replayed'], undefined);
});

test('a key that is none, and a cluster that the preflight does not find, are answered as documented', async (t) => {
  const gateway = await startTestGateway(t);
  const { examples } = contract.root.components;
  const refused = await gateway.create(undefined, { 'idempotency-key': 'order 17' });
  assert.deepEqual(occurrence(refused.json), occurrence(examples['idempotency-key'].value));
  assertDocumented(create, refused);
  const { value } = examples['aerospike-cluster-unknown'];
  const reply = await gateway.call({
    method: 'POST',
    path: `/database/clusters/${value.context.id}/vpc-peerings`,
    headers: { authorization: `Bearer ${await gateway.issuer.sign()}`, 'content-type': 'application/json' },
    body: JSON.stringify(examples.create.value),
  });
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=404');
  assert.deepEqual(reply.json, value);
  assertDocumented(create, reply);
});

test('the document itself is answered as documented, with and without a body', async (t) => {
  const gateway = await startTestGateway(t);
  for (const method of ['GET', 'HEAD'] as const) {
    const reply = await gateway.call({ method, path: '/openapi.json' });
    assert.equal(reply.status, 200);
    assert.equal(reply.text === '', method === 'HEAD');
    assertDocumented(operation(method === 'GET' ? 'getContract' : 'headContract'), reply);
    const refused = await gateway.call({ method: 'POST', path: '/openapi.json' });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers['allow'], 'GET, HEAD');
    assertDocumented(operation('getContract'), refused);
  }
  assert.equal(gateway.cloud.connections, 0);
});

test("the upstream's own problem passes through as documented", async (t) => {
  const gateway = await startTestGateway(t);
  const { value } = contract.root.components.examples['aerospike-cluster-unknown'];
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const path = `/database/clusters/${value.context.id}/vpc-peerings`;
  const reply = await gateway.call({ path, headers: { authorization } });
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=404');
  assert.deepEqual(reply.json, value);
  assertDocumented(list, reply);
});

test('an answer that the contract of the upstream does not have passes through as documented', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = { 'Retry-After': '7', Location: '/elsewhere', 'X-Other': 'stays behind' };
  for (const [status, body] of [
    [202, { accepted: true }],
    [204, undefined],
    [418, undefined],
    [507, undefined],
  ] as const) {
    gateway.cloud.setFault(({ method, path }) =>
      method === 'POST' && path !== '/oauth/token'
        ? (_, res) => sendReply(res, { status, headers, body })
        : undefined,
    );
    const reply = await gateway.create();
    assert.equal(reply.status, status);
    assert.equal(reply.headers['location'], '/elsewhere');
    assertDocumented(create, reply);
  }
});

test('the answer to a token without scopes names the documented one', async (t) => {
  const gateway = await startTestGateway(t);
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: '' })}`;
  for (const place of [create, list]) {
    const method = place.method as 'GET' | 'POST';
    const reply = await gateway.call({ method, headers: { authorization } });
    assert.equal(reply.status, 403);
    const [scope] = place.operation.security[0].bearer;
    assert.match(String(reply.headers['www-authenticate']), new RegExp(`scope="${scope}"$`));
    assertDocumented(place, reply);
  }
  assert.equal(gateway.cloud.connections, 0);
});
