// `GET /policy/effective`: what a caller may do, told to whoever has a good token, and about nobody else. Only a refusal is recorded.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertAuditRecord } from '../../support/audit-schema.ts';
import { guardrailsOnly, type Reply, startTestGateway, type TestGateway } from '../../support/gateway.ts';

const path = '/policy/effective';
const rules = `grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list]
    regions: [us-east-1]
    cidrs: [10.20.0.0/16]
  - id: theirs
    callers: [{ claim: sub, equals: svc-secret-project }]
    actions: [delete]
exceptions:
  - id: CHG-1
    callers: [{ claim: groups, contains: net }]
    allows: { regions: [us-west-2], secureConnection: optional }
    expires: 2126-01-01T00:00:00Z
    ticket: CHG-1
    approvedBy: network-board
  - id: CHG-0
    callers: [{ claim: groups, contains: net }]
    allows: { regions: [us-west-1] }
    expires: 2020-01-01T00:00:00Z
`;

interface Asked {
  readonly claims?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE';
}

async function ask(
  gateway: TestGateway,
  { claims = {}, headers = {}, method = 'GET' }: Asked = {},
): Promise<Reply> {
  const authorization = `Bearer ${await gateway.issuer.sign(claims)}`;
  return await gateway.call({ method, path, headers: { authorization, ...headers } });
}

test('a caller gets the guardrails, its own grants and its running exceptions', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
  const reply = await ask(gateway, { claims: { groups: ['net'] } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['cache-control'], 'private, no-cache');
  assert.match(reply.json.policyVersion, /^[0-9a-f]{64}$/);
  assert.deepEqual(reply.json, {
    organization: 'acme',
    policyVersion: reply.json.policyVersion,
    mode: 'enforce',
    caller: { issuer: gateway.issuer.url, subject: 'svc-payments' },
    accounts: ['111122223333'],
    regions: ['us-east-1', 'eu-west-1'],
    cidrs: ['10.0.0.0/8', '172.16.0.0/12'],
    forbiddenCidrs: ['10.128.0.0/19', '10.129.0.0/24'],
    prefixLength: { min: 16, max: 28 },
    secureConnection: 'required',
    grants: [
      {
        id: 'payments',
        actions: ['create', 'list'],
        clusters: null,
        accounts: null,
        regions: ['us-east-1'],
        cidrs: ['10.20.0.0/16'],
      },
    ],
    exceptions: [
      {
        id: 'CHG-1',
        actions: ['create'],
        expires: '2126-01-01T00:00:00.000Z',
        ticket: 'CHG-1',
        allows: {
          clusters: null,
          accounts: null,
          regions: ['us-west-2'],
          cidrs: null,
          secureConnection: 'optional',
        },
      },
    ],
    shortened: {},
  });
  assert.doesNotMatch(reply.text, /secret-project|theirs|CHG-0/);
});

test('it needs a valid token and no scope', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
  const nobody = await ask(gateway, { claims: { scope: undefined, sub: 'nobody' } });
  assert.deepEqual([nobody.status, nobody.json.grants, nobody.json.exceptions], [200, [], []]);
  for (const authorization of [
    undefined,
    'Bearer x.y.z',
    `Bearer ${await gateway.issuer.sign({ exp: 1 })}`,
  ]) {
    const reply = await gateway.call({ path, headers: authorization === undefined ? {} : { authorization } });
    assert.equal(reply.status, 401);
    assert.match(reply.json.type, /^urn:aerospike:errors:auth:/);
    assert.doesNotMatch(reply.text, /111122223333/);
  }
});

test('a read that is refused leaves one record, a read that is answered none, and nothing is sent upstream', async (t) => {
  const gateway = await startTestGateway(t);
  await ask(gateway);
  await gateway.call({ path });
  assert.equal(gateway.records.length, 0);
  assert.equal((await gateway.call({ path, headers: { authorization: 'Bearer x.y.z' } })).status, 401);
  assert.equal((await ask(gateway, { headers: { authorization: 'Bearer ' } })).status, 401);
  const faulty = { authorization: `Bearer ${await gateway.issuer.sign({})}` };
  assert.equal((await gateway.call({ path: `${path}?verbose=true`, headers: faulty })).status, 400);
  for (const record of gateway.records) assertAuditRecord(record);
  assert.deepEqual(
    gateway.records.map(({ metadata, status_code, actor, api }) => [
      metadata.event_code,
      status_code,
      actor.user.uid,
      api.service.name,
    ]),
    [
      ['policy.read.refused', 'token-invalid', undefined, 'peergate'],
      ['policy.read.refused', 'token-invalid', undefined, 'peergate'],
      ['policy.read.refused', 'request-invalid', 'svc-payments', 'peergate'],
    ],
  );
  assert.equal(gateway.cloud.connections, 0);
});

test('the form is that which Accept prefers, JSON when it does not matter', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
  const markdown = 'text/markdown; charset=utf-8';
  const json = 'application/json';
  for (const [accept, type] of [
    ['text/markdown', markdown],
    ['text/markdown, application/json;q=0.5', markdown],
    ['text/*', markdown],
    ['application/json', json],
    ['*/*', json],
    ['text/markdown;q=0.5, application/json', json],
    ['text/html', json],
  ] as const) {
    const reply = await ask(gateway, { headers: { accept } });
    assert.deepEqual([accept, reply.status, reply.headers['content-type']], [accept, 200, type]);
    assert.match(String(reply.headers['vary']), /\bAccept\b.*\bAuthorization\b/);
  }
  const { text } = await ask(gateway, {
    headers: { accept: 'text/markdown' },
    claims: { groups: 'ops net' },
  });
  assert.match(text, /^# What `svc-payments` may peer\n/);
  for (const line of [
    '- accounts: `111122223333`',
    '- blocks outside: `10.128.0.0/19`, `10.129.0.0/24`',
    '- prefix length: 16 to 28',
    '- `payments`: create, list',
    '  - cidrs: `10.20.0.0/16`',
    '- `CHG-1` until 2126-01-01T00:00:00.000Z, ticket `CHG-1`, allows besides:',
    '  - secure connection: optional',
  ])
    assert.ok(text.split('\n').includes(line), line);
});

test('the same answer has the same ETag, and who knows it gets 304 without a body', async (t) => {
  const gateway = await startTestGateway(t);
  const first = await ask(gateway);
  const etag = String(first.headers['etag']);
  assert.match(etag, /^"[\w-]{43}"$/);
  assert.equal((await ask(gateway)).headers['etag'], etag);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const reply = await ask(gateway, { headers: { 'if-none-match': known } });
    assert.deepEqual([known, reply.status, reply.text], [known, 304, '']);
    assert.equal(reply.headers['etag'], etag);
    assert.equal(reply.headers['cache-control'], 'private, no-cache');
    assert.match(String(reply.headers['vary']), /Accept/);
    assert.equal(reply.headers['content-type'], undefined);
    assert.equal(reply.headers['content-length'], undefined);
  }
  assert.equal((await ask(gateway, { headers: { 'if-none-match': '"other"' } })).status, 200);
});

test('another form, another caller and another policy have another ETag', async (t) => {
  const gateway = await startTestGateway(t);
  const etags = [await ask(gateway), await ask(gateway, { headers: { accept: 'text/markdown' } })];
  etags.push(await ask(gateway, { claims: { sub: 'other' } }));
  const [before] = etags;
  await writeFile(gateway.policyFile, guardrailsOnly.replace('us-east-1, ', ''));
  await gateway.reloadPolicy();
  const after = await ask(gateway, { headers: { 'if-none-match': String(before?.headers['etag']) } });
  assert.equal(after.status, 200);
  assert.deepEqual(after.json.regions, ['eu-west-1']);
  assert.notEqual(after.json.policyVersion, before?.json.policyVersion);
  etags.push(after);
  assert.equal(new Set(etags.map(({ headers }) => headers['etag'])).size, 4);
});

test('HEAD gets the headers of GET and no body', async (t) => {
  const gateway = await startTestGateway(t);
  const [get, head] = [await ask(gateway), await ask(gateway, { method: 'HEAD' })];
  assert.deepEqual([head.status, head.text], [200, '']);
  for (const name of ['etag', 'content-type', 'content-length', 'cache-control', 'vary'])
    assert.equal(head.headers[name], get.headers[name], name);
});

test('no other method is there', async (t) => {
  const gateway = await startTestGateway(t);
  for (const method of ['POST', 'DELETE'] as const) {
    const reply = await ask(gateway, { method });
    assert.deepEqual([reply.status, reply.headers['allow']], [405, 'GET, HEAD']);
    assert.equal(reply.json.type, 'urn:aerospike:errors:validation:failed');
  }
  assert.deepEqual(gateway.records, []);
});

test('it counts against the rate limit of the caller, and is not recorded when that is reached', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_PER_MINUTE: '2' } });
  const statuses = [await ask(gateway), await ask(gateway), await ask(gateway)].map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200, 429]);
  const other = await ask(gateway, { claims: { sub: 'other' } });
  assert.equal(other.status, 200);
  assert.deepEqual(gateway.records, []);
});

test('it is below BASE_PATH like every public route', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const statusOf = async (at: string) =>
    (await gateway.call({ path: at, headers: { authorization } })).status;
  assert.deepEqual(
    [await statusOf(`/v1${path}`), await statusOf(path), await statusOf(`/v1${path}/`)],
    [200, 404, 404],
  );
});

test('claims of the token and other members of it are not shown', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
  const claims = { email: 'person@example.com', groups: ['net', 'secret-group'], jti: 'token-4711' };
  for (const accept of ['application/json', 'text/markdown']) {
    const { text } = await ask(gateway, { claims, headers: { accept } });
    assert.doesNotMatch(text, /person@|secret-group|token-4711|approvedBy|network-board/);
  }
  const subjects = gateway.logs.filter(({ route }) => route === path);
  assert.deepEqual([...new Set(subjects.map(({ status }) => status))], [200]);
});
