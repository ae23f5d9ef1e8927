// `GET /policy/effective` against `openapi/gateway.yaml`: what a caller may do is told as documented, in either form, again
// only when it has changed, and to nobody without a valid token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardrailsOnly, type Reply, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { assertDocumented, contract, operation } from './assert-documented.ts';

const path = '/policy/effective';
const get = operation('getEffectivePolicy');
const example = contract.root.components.examples['effective-policy'].value;

/** The policy of the document's example, with a grant and an exception for somebody else, which it does not show. */
const policy = `${guardrailsOnly.replace('["111122223333"]', '["111122223333", "444455556666"]')}
grants:
  - { id: auditors, callers: [{ claim: sub, equals: svc-audit }], actions: [list] }
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list, delete]
    clusters: ["6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11"]
    accounts: ["111122223333"]
    cidrs: [10.20.0.0/16]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-audit }]
    allows: { regions: [ap-south-1] }
    expires: 2126-01-31T00:00:00Z
  - id: CHG-4711
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { cidrs: [198.51.100.0/24], prefixLength: { min: 16, max: 29 } }
    expires: 2126-01-31T00:00:00Z
    ticket: CHG-4711
`;

interface Asked {
  readonly claims?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly method?: 'GET' | 'HEAD';
}

async function ask(gateway: TestGateway, { claims, headers, method = 'GET' }: Asked = {}): Promise<Reply> {
  const authorization = `Bearer ${await gateway.issuer.sign(claims)}`;
  const reply = await gateway.call({ method, path, headers: { authorization, ...headers } });
  assertDocumented(method === 'GET' ? get : operation('headEffectivePolicy'), reply);
  return reply;
}

/** It is the gateway's own answer, of which nobody else hears. */
function assertQuiet({ cloud, records }: TestGateway): void {
  assert.equal(cloud.connections, 0);
  assert.deepEqual(records, []);
}

test('what a caller may do is the documented example, with nothing of other callers', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const { status, headers, json, text } = await ask(gateway);
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/json');
  const { policyVersion, caller } = json;
  assert.deepEqual(caller, { issuer: gateway.issuer.url, subject: 'svc-payments' });
  const [exception] = example.exceptions;
  const exceptions = [{ ...exception, expires: '2126-01-31T00:00:00.000Z' }];
  assert.deepEqual(json, { ...example, policyVersion, caller, exceptions });
  assert.doesNotMatch(text, /audit|CHG-1"|ap-south-1/);
  assertQuiet(gateway);
});

test('it comes in Markdown to those who prefer that, and in JSON to everybody else', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  for (const [accept, type] of [
    ['text/markdown', 'text/markdown; charset=utf-8'],
    ['text/markdown, application/json;q=0.5', 'text/markdown; charset=utf-8'],
    ['text/markdown;q=0.5, application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/html', 'application/json'],
  ] as const) {
    const { status, headers, text } = await ask(gateway, { headers: { accept } });
    assert.deepEqual([status, headers['content-type']], [200, type], accept);
    assert.ok(text.includes('CHG-4711'));
  }
  assertQuiet(gateway);
});

test('it comes again only when it is another than the one at hand', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const json = await ask(gateway);
  const markdown = await ask(gateway, { headers: { accept: 'text/markdown' } });
  assert.notEqual(markdown.headers['etag'], json.headers['etag']);
  const condition = { 'if-none-match': String(json.headers['etag']) };
  for (const method of ['GET', 'HEAD'] as const) {
    const unchanged = await ask(gateway, { method, headers: condition });
    assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
    assert.equal(unchanged.headers['etag'], json.headers['etag']);
    assert.equal(unchanged.headers['content-type'], undefined);
  }
  const other = await ask(gateway, { headers: { ...condition, accept: 'text/markdown' } });
  assert.deepEqual([other.status, other.text], [200, markdown.text]);
  const stranger = await ask(gateway, { headers: condition, claims: { sub: 'svc-stranger' } });
  assert.equal(stranger.status, 200);
  const head = await ask(gateway, { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['etag']], [200, '', json.headers['etag']]);
  assertQuiet(gateway);
});

test('it fits the document without grants, without a grant for the caller, in report mode, and cut short', async (t) => {
  const long = Array.from({ length: 30 }, (_, at) => `10.${at}.0.0/16`).join(', ');
  const manyBlocks = guardrailsOnly.replace('10.0.0.0/8, 172.16.0.0/12', long);
  const open = await startTestGateway(t, { policy: manyBlocks });
  const { json } = await ask(open);
  assert.deepEqual([json.grants, json.cidrs.length, json.shortened], [null, 20, { '/cidrs': 30 }]);
  const reporting = await startTestGateway(t, { policy: `${policy}mode: report\n` });
  const stranger = await ask(reporting, { claims: { sub: 'svc-stranger', scope: '' } });
  assert.deepEqual([stranger.json.mode, stranger.json.grants], ['report', []]);
});

test('nobody without a valid token gets it', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const token = `Bearer ${await gateway.issuer.sign()}`;
  const replies = [
    await gateway.call({ path }),
    await gateway.call({ path, headers: ['Authorization', token, 'Authorization', token] }),
    await ask(gateway, { claims: { exp: 1_000_000_000 } }),
    await gateway.call({ method: 'POST', path, headers: { authorization: token } }),
  ];
  assert.deepEqual(
    replies.map(({ status, json }) => [status, json.type]),
    [
      [401, 'urn:aerospike:errors:auth:unauthorized'],
      [400, 'urn:aerospike:errors:auth:unauthorized'],
      [401, 'urn:aerospike:errors:auth:token-expired'],
      [405, 'urn:aerospike:errors:validation:failed'],
    ],
  );
  for (const reply of replies) {
    assertDocumented(get, reply);
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.equal(reply.headers['etag'], undefined);
  }
  assert.equal(gateway.cloud.connections, 0);
  const codes: unknown[] = gateway.records.map(({ metadata, status_code }) => [
    metadata.event_code,
    status_code,
  ]);
  assert.deepEqual(codes, [
    ['policy.read.refused', 'token-duplicated'],
    ['policy.read.refused', 'token-expired'],
  ]);
});

test('a query is refused, since the effective policy has no parameters', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  const reply = await gateway.call({ path: '/policy/effective?subject=svc-other', headers });
  assert.equal(reply.status, 400);
  assert.deepEqual(
    reply.json.context.invalid.map(({ field }: { field: string }) => field),
    ['/subject'],
  );
});
