// `?dryRun=true`: the same way as a real create, with the same refusals, and nothing forwarded.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';

const rules = `grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list]
    regions: [us-east-1]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { regions: [us-west-2] }
    expires: 2126-01-01T00:00:00Z
`;

interface Asked {
  readonly query?: string;
  readonly claims?: Record<string, unknown>;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function create(gateway: TestGateway, asked: Asked = {}): Promise<Reply> {
  const { query = '?dryRun=true', claims = {}, body = allowed, headers = {} } = asked;
  return await gateway.call({
    method: 'POST',
    path: `${peeringsPath}${query}`,
    headers: {
      authorization: `Bearer ${await gateway.issuer.sign(claims)}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function assertNothingSent(gateway: TestGateway): void {
  assert.deepEqual(gateway.forwarded(), []);
}

async function versionOf(gateway: TestGateway): Promise<string> {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  return (await gateway.call({ path: '/policy/effective', headers: { authorization } })).json.policyVersion;
}

test('a dry run that would be forwarded gets the decision, and is not sent', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await create(gateway);
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.json, {
    decision: 'allow',
    policyVersion: await versionOf(gateway),
    mode: 'enforce',
    grant: null,
    exceptions: [],
    violations: [],
  });
  assert.equal(reply.headers['proxy-status'], 'peergate');
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['cache-control'], 'no-store');
  assertNothingSent(gateway);
});

test('it leaves one record, which says that nothing was sent', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await create(gateway);
  const [record, ...more] = gateway.records;
  assert.equal(more.length, 0);
  assert.equal(record?.metadata.event_code, 'peering.create.dryrun');
  assert.deepEqual([record?.status_id, record?.status_code, record?.http_response.code], [1, 'dry-run', 200]);
  assert.equal(record?.api.request.uid, reply.headers['x-gateway-request-id']);
  assert.deepEqual(record?.api.request.data, { clusterId, ...allowed });
  assert.equal(record?.actor.user.uid, 'svc-payments');
  assert.deepEqual(record?.unmapped.upstream, { sent: 'no' });
  assert.equal(record?.unmapped.decision.effect, 'allow');
});

test('grant and exceptions that the create would need are named in answer and record', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
  const plain = await create(gateway);
  assert.deepEqual([plain.json.grant, plain.json.exceptions], ['payments', []]);
  const excepted = await create(gateway, { body: { ...allowed, region: 'us-west-2' } });
  assert.deepEqual(
    [excepted.status, excepted.json.grant, excepted.json.exceptions],
    [200, 'payments', ['CHG-1']],
  );
  const [, record] = gateway.records;
  assert.deepEqual(record?.unmapped.decision.exceptions, ['CHG-1']);
  assertNothingSent(gateway);
});

/** Nested objects. */
interface Members {
  [name: string]: Members | undefined;
}

/** What is left of a value without some of its members, named by their paths. */
function without(value: unknown, ...paths: string[]): unknown {
  const copy = structuredClone(value) as Members;
  for (const path of paths) {
    const names = path.split('/');
    const last = names.pop() ?? '';
    const parent = names.reduce<Members | undefined>((inner, name) => inner?.[name], copy);
    if (parent !== undefined) delete parent[last];
  }
  return copy;
}

const ownOfAnswer = ['text', 'json/instance'];
const ownHeaders = ['date', 'ratelimit', 'x-request-id', 'x-gateway-request-id'];
const ownOfRecord = [
  ...['time', 'start_time', 'duration', 'metadata/uid', 'metadata/sequence', 'attestation_list'],
  ...['api/request/uid', 'api/token', 'actor/session/credential_uid', 'http_request/uid'],
];

const refusals: readonly (readonly [what: string, status: number, asked: Asked])[] = [
  ['the policy says no', 403, { body: { ...allowed, region: 'eu-west-1', cidrBlock: '10.20.0.0/29' } }],
  ['the caller has no grant', 403, { claims: { sub: 'nobody' } }],
  ['the scope is missing', 403, { claims: { scope: 'read:database' } }],
  ['the token is bad', 401, { headers: { authorization: 'Bearer x.y.z' } }],
  ['the token has expired', 401, { claims: { exp: 1 } }],
  ['the body is invalid', 400, { body: { ...allowed, cidrBlock: '10.20.4.1/22', more: 1 } }],
  ['the body is no JSON', 400, { body: '{' }],
  ['the media type is another', 415, { headers: { 'content-type': 'text/plain' } }],
  ['the body is too large', 413, { body: 'x'.repeat(20_000) }],
];

for (const [what, status, asked] of refusals) {
  test(`when ${what} a dry run gets the answer of a real create, and is recorded as observed only`, async (t) => {
    const gateway = await startTestGateway(t, { policy: guardrailsOnly + rules });
    const [real, dry] = [await create(gateway, { ...asked, query: '' }), await create(gateway, asked)];
    assert.equal(real.status, status);
    assert.match(real.json.type, /^urn:aerospike:errors:/);
    const own = [...ownOfAnswer, ...ownHeaders.map((name) => `headers/${name}`)];
    assert.deepEqual(without(dry, ...own), without(real, ...own));
    const [first, second, ...more] = gateway.records;
    assert.equal(more.length, 0);
    assert.deepEqual([first?.action_id, second?.action_id], [2, 3]);
    assert.equal(second?.metadata.event_code, 'peering.create.refused');
    const acted = [...ownOfRecord, 'action_id', 'action'];
    assert.deepEqual(without(second, ...acted), without(first, ...acted));
    assertNothingSent(gateway);
  });
}

test('without a token a dry run is refused and not recorded, as a real create', async (t) => {
  const gateway = await startTestGateway(t);
  const path = `${peeringsPath}?dryRun=true`;
  const reply = await gateway.call({ method: 'POST', path, body: JSON.stringify(allowed) });
  assert.deepEqual([reply.status, reply.headers['www-authenticate']], [401, 'Bearer realm="peergate"']);
  assert.deepEqual(gateway.records, []);
  assertNothingSent(gateway);
});

test('dryRun=false is a real create', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await create(gateway, { query: '?dryRun=false' });
  assert.equal(reply.status, 201);
  const [sent, ...more] = gateway.forwarded();
  assert.deepEqual([sent?.path, more.length], [`/v1${peeringsPath}`, 0]);
  assert.deepEqual(codesOf(gateway), ['peering.create.intent', 'peering.create.outcome']);
});

const codesOf = (gateway: TestGateway) => gateway.records.map(({ metadata }) => metadata.event_code);

const wrong = [
  '?dryRun=1',
  '?dryRun',
  '?dryRun=',
  '?dryRun=TRUE',
  '?dryRun=true%20',
  '?dryRun=true&dryRun=true',
];
const wrongNames = ['?dryrun=true', '?dryRun=true&force=true'];

for (const query of [...wrong, ...wrongNames]) {
  test(`a create with ${query} is refused, whatever was meant`, async (t) => {
    const gateway = await startTestGateway(t);
    const reply = await create(gateway, { query });
    assert.equal(reply.status, 400);
    assert.equal(reply.json.type, 'urn:aerospike:errors:validation:failed');
    const fields = reply.json.context.invalid.map(({ field }) => field);
    assert.deepEqual(fields, [
      wrong.includes(query) ? '/dryRun' : query.includes('force') ? '/force' : '/dryrun',
    ]);
    assert.deepEqual(codesOf(gateway), ['peering.create.refused']);
    assertNothingSent(gateway);
  });
}

test('a list has no dry run', async (t) => {
  const gateway = await startTestGateway(t);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const reply = await gateway.call({ path: `${peeringsPath}?dryRun=true`, headers: { authorization } });
  assert.equal(reply.status, 400);
  assert.deepEqual(reply.json.context.invalid[0]?.field, '/dryRun');
  const [record] = gateway.records;
  assert.deepEqual([record?.metadata.event_code, record?.action_id], ['peering.list.refused', 2]);
  assertNothingSent(gateway);
});

test('in report mode a dry run is allowed with the violations that enforcing would refuse it for', async (t) => {
  const gateway = await startTestGateway(t, { policy: `${guardrailsOnly}${rules}mode: report\n` });
  const reply = await create(gateway, {
    claims: { sub: 'nobody' },
    body: { ...allowed, region: 'ap-south-1' },
  });
  assert.equal(reply.status, 200);
  assert.deepEqual([reply.json.decision, reply.json.mode, reply.json.grant], ['allow', 'report', null]);
  const codes = reply.json.violations.map(({ code }) => code);
  assert.deepEqual(codes, ['region_not_allowed', 'no_grant']);
  const [record] = gateway.records;
  assert.equal(record?.metadata.event_code, 'peering.create.dryrun');
  assert.deepEqual(record?.unmapped.decision.violations, reply.json.violations);
  assertNothingSent(gateway);
});

async function unwritable(t: TestContext): Promise<TestGateway> {
  return await startTestGateway(t, { sink: { write: () => Promise.reject(new Error('the disk is full')) } });
}

test('a dry run whose record cannot be written is not answered', async (t) => {
  const gateway = await unwritable(t);
  const reply = await create(gateway);
  assert.equal(reply.status, 503);
  assert.equal(reply.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.ok(reply.headers['retry-after']);
  assert.equal(
    reply.headers['proxy-status'],
    'peergate; error=proxy_internal_error; details="audit-unavailable"',
  );
  assertNothingSent(gateway);
});
