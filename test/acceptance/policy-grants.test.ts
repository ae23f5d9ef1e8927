// Grants and report mode on the wire: who may create and list what, and what stands in the records of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';

const otherCluster = 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22';
const rules = `grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list]
    clusters: [${clusterId.toUpperCase()}]
  - id: writers
    callers: [{ claim: /realm_access/roles, contains: writer }]
    actions: [create]
`;
const policy = guardrailsOnly + rules;

async function list(
  gateway: TestGateway,
  claims: Record<string, unknown> = {},
  cluster = clusterId,
): Promise<Reply> {
  const authorization = `Bearer ${await gateway.issuer.sign(claims)}`;
  return await gateway.call({
    path: `/database/clusters/${cluster}/vpc-peerings`,
    headers: { authorization },
  });
}

const codes = ({ json }: Reply) => json.context.violations.map(({ rule, code }) => `${rule} ${code}`);

test('a list is forwarded when a grant covers action and cluster, in whatever case the id comes', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  for (const cluster of [clusterId, clusterId.toUpperCase()]) {
    const reply = await list(gateway, {}, cluster);
    assert.deepEqual([reply.status, reply.headers['proxy-status']], [200, 'peergate; received-status=200']);
  }
  assert.deepEqual(
    gateway.forwarded().map(({ path }) => path),
    [`/v1${peeringsPath}`, `/v1${peeringsPath}`],
  );
  for (const record of gateway.records) {
    assert.equal(record.metadata.event_code, 'peering.list.outcome');
    assert.equal(record.unmapped.decision.grant, 'payments');
  }
});

const refused: readonly (readonly [what: string, claims: object, cluster: string, ...codes: string[]])[] = [
  ['of another cluster', {}, otherCluster, 'payments cluster_not_allowed'],
  [
    'without the action',
    { sub: 'w', realm_access: { roles: ['writer'] } },
    clusterId,
    'writers action_not_allowed',
  ],
  ['without a grant', { sub: 'nobody' }, clusterId, 'grants no_grant'],
];

for (const [what, claims, cluster, ...wanted] of refused) {
  test(`a list ${what} is refused and opens no connection upstream`, async (t) => {
    const gateway = await startTestGateway(t, { policy });
    const reply = await list(gateway, { ...claims }, cluster);
    assert.equal(reply.status, 403);
    assert.equal(reply.json.type, 'urn:aerospike:errors:auth:unauthorized');
    assert.equal(
      reply.headers['proxy-status'],
      'peergate; error=http_request_denied; details="policy-denied"',
    );
    assert.deepEqual(codes(reply), wanted);
    assert.match(reply.json.context.policyVersion, /^[0-9a-f]{64}$/);
    assert.deepEqual([gateway.forwarded(), gateway.cloud.connections], [[], 0]);
    const [record, ...more] = gateway.records;
    assert.deepEqual(
      [record?.metadata.event_code, record?.action_id, more.length],
      ['peering.list.refused', 2, 0],
    );
    assert.deepEqual(record?.unmapped.decision.violations, reply.json.context.violations);
  });
}

test('a create that no grant fits is refused with what the nearest one has against it', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const reply = await gateway.call({
    method: 'POST',
    path: `/database/clusters/${otherCluster}/vpc-peerings`,
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ ...allowed, cidrBlock: '10.20.4.0/29' }),
  });
  assert.equal(reply.status, 403);
  assert.deepEqual(codes(reply), ['guardrails prefix_length', 'payments cluster_not_allowed']);
  const [length, cluster] = reply.json.context.violations;
  assert.deepEqual(length?.allowed, { min: 16, max: 28, nearest: '10.20.4.0/28' });
  assert.deepEqual([cluster?.field, cluster?.allowed], ['/clusterId', [clusterId]]);
  assert.deepEqual([gateway.forwarded(), gateway.cloud.connections], [[], 0]);
  const [record] = gateway.records;
  assert.equal(record?.metadata.event_code, 'peering.create.refused');
  assert.equal(record?.status_code, 'policy-denied');
});

test('the scope is needed besides the grant', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const reply = await list(gateway, { scope: 'update:database' });
  assert.equal(reply.status, 403);
  assert.match(String(reply.headers['www-authenticate']), /error="insufficient_scope"/);
  assert.deepEqual([gateway.forwarded(), gateway.cloud.connections], [[], 0]);
  const [record] = gateway.records;
  assert.deepEqual([record?.status_code, record?.unmapped.decision], ['scope-missing', undefined]);
});

test('in report mode a would-be refusal is forwarded, and its intent holds what enforcing would have said', async (t) => {
  const gateway = await startTestGateway(t, { policy: `${policy}mode: report\n` });
  const reply = await gateway.create({ ...allowed, accountId: '999999999999' });
  assert.equal(reply.status, 201);
  assert.equal(gateway.forwarded().length, 1);
  const [intent, outcome] = gateway.records;
  assert.equal(intent?.metadata.event_code, 'peering.create.intent');
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  for (const { unmapped } of [intent, outcome]) {
    const { effect, mode, violations } = unmapped.decision;
    assert.deepEqual([effect, mode, 'grant' in unmapped.decision], ['allow', 'report', false]);
    assert.deepEqual(
      violations.map(({ rule, code }) => `${rule} ${code}`),
      ['guardrails account_not_allowed'],
    );
  }
});

test('report mode forgives nothing but the policy', async (t) => {
  const gateway = await startTestGateway(t, { policy: `${policy}mode: report\n` });
  const statuses = [
    await gateway.create({ ...allowed, cidrBlock: '10.20.4.1/22' }),
    await gateway.create(allowed, { authorization: 'Bearer x.y.z' }),
    await list(gateway, { scope: 'update:database' }),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [400, 401, 403]);
  assert.deepEqual([gateway.forwarded(), gateway.cloud.connections], [[], 0]);
  assert.deepEqual(
    gateway.records.map(({ status_code }) => status_code),
    ['request-invalid', 'token-invalid', 'scope-missing'],
  );
});

test('records hold the claims that the policy asks for, and no others, nor the token', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const claims = {
    realm_access: { roles: ['writer', 'x'], secret: 'deep-secret' },
    email: 'person@example.com',
    groups: ['other-claim'],
  };
  const token = await gateway.issuer.sign(claims);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  await gateway.call({ method: 'POST', headers, body: JSON.stringify(allowed) });
  await gateway.call({ method: 'POST', headers, body: JSON.stringify({ ...allowed, region: 'ap-south-1' }) });
  await gateway.call({ headers });
  assert.deepEqual(
    gateway.records.map(({ metadata }) => metadata.event_code),
    ['peering.create.intent', 'peering.create.outcome', 'peering.create.refused', 'peering.list.outcome'],
  );
  for (const { unmapped } of gateway.records)
    assert.deepEqual(unmapped.claims, { sub: 'svc-payments', '/realm_access/roles': ['writer', 'x'] });
  const output = gateway.output();
  assert.doesNotMatch(output, /person@example\.com|deep-secret|other-claim/);
  for (const part of token.split('.')) assert.ok(!output.includes(part));
});

test('a claim that the token lacks is recorded as missing, and a policy without callers records none', async (t) => {
  const granted = await startTestGateway(t, { policy });
  await list(granted);
  const recorded = granted.records[0]?.unmapped;
  assert.deepEqual(
    [recorded?.claims, recorded?.absentClaims],
    [{ sub: 'svc-payments' }, ['/realm_access/roles']],
  );
  const open = await startTestGateway(t);
  await list(open);
  const members = Object.keys(open.records[0]?.unmapped ?? assert.fail('no record'));
  assert.ok(!members.includes('claims') && !members.includes('absentClaims'));
});

test('a record of a refusal before the policy holds neither decision nor claims', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  await gateway.create({ ...allowed, region: 5 });
  const [record] = gateway.records;
  assert.equal(record?.status_code, 'request-invalid');
  assert.deepEqual(Object.keys(record?.unmapped), ['upstream']);
});
