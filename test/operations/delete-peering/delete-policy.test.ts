// Who may delete what: scope, grants and guardrails, by where Aerospike Cloud says that the peering lies. What is refused is
// never sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../../sandbox/reply.ts';
import { assertRefused } from '../../support/assert-refused.ts';
import {
  asked,
  assertProblem,
  deletes,
  look,
  otherCluster,
  put,
  recorded,
  remove,
} from '../../support/call-peering.ts';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';

const wide = guardrailsOnly.replace('["111122223333"]', '["111122223333", "444455556666"]');
const grants = `grants:
  - id: first
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list, delete]
    clusters: [${clusterId}]
    accounts: ["111122223333"]
    regions: [us-east-1]
  - id: second
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [delete]
    clusters: [${otherCluster}]
    accounts: ["444455556666"]
    regions: [eu-west-1]
  - id: readers
    callers: [{ claim: sub, equals: svc-reader }]
    actions: [create, list]
`;
const policy = wide + grants;

const violationsOf = ({ json }: Reply) =>
  json.context.violations.map(({ rule, code, field }) => `${rule} ${code} ${field}`);

/** Refused with just this, after at most a look; and recorded. */
async function assertDenied(
  gateway: TestGateway,
  act: () => Promise<Reply>,
  violations: readonly string[],
  lists: readonly string[],
): Promise<void> {
  const reply = await act();
  assertProblem(reply, 403, 'auth:unauthorized');
  assert.deepEqual(violationsOf(reply), violations);
  assert.match(reply.json.context.policyVersion, /^[0-9a-f]{64}$/);
  assert.deepEqual(asked(gateway), lists);
  assert.deepEqual(recorded(gateway), ['peering.delete.refused 2']);
  const [record] = gateway.records;
  assert.equal(record?.status_code, 'policy-denied');
  assert.equal(record?.unmapped.decision.effect, 'deny');
  assert.deepEqual(record?.unmapped.decision.violations, reply.json.context.violations);
  assert.deepEqual(record?.unmapped.upstream, { sent: 'no' });
}

test('a token without the scope of a delete is refused, whatever other scopes it has, and nothing is looked up', async (t) => {
  const gateway = await startTestGateway(t, { policy: guardrailsOnly });
  const id = put(gateway);
  for (const scope of ['update:database read:database', 'delete:databases', '']) {
    const reply = await assertRefused(gateway, () => remove(gateway, id, { claims: { scope } }), {
      status: 403,
      type: 'auth:unauthorized',
      recorded: 'scope-missing',
      operation: 'delete',
      subject: 'svc-payments',
    });
    assert.match(String(reply.headers['www-authenticate']), /scope="delete:database"$/);
  }
});

test('the scope of a delete is the one that AUTH_SCOPE_DELETE names', async (t) => {
  const gateway = await startTestGateway(t, { environment: { AUTH_SCOPE_DELETE: 'peerings:remove' } });
  const id = put(gateway);
  assert.equal((await remove(gateway, id)).status, 403);
  assert.equal((await remove(gateway, id, { claims: { scope: 'peerings:remove' } })).status, 204);
});

test('what one grant covers together, cluster, account and region, may be deleted, and the record names the grant', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  assert.equal((await remove(gateway, put(gateway))).status, 204);
  assert.equal(gateway.records.at(-1)?.unmapped.decision.grant, 'first');
  const there = put(gateway, 'active', { accountId: '444455556666', region: 'eu-west-1' }, otherCluster);
  assert.equal((await remove(gateway, there, { cluster: otherCluster })).status, 204);
  assert.equal(gateway.records.at(-1)?.unmapped.decision.grant, 'second');
});

const foreign = { accountId: '444455556666', region: 'eu-west-1' };
const placed: readonly (readonly [what: string, Partial<typeof allowed>, ...violations: string[]])[] = [
  [
    'another account than the grant of the cluster has',
    { accountId: foreign.accountId },
    'first account_not_allowed /accountId',
  ],
  [
    'another region than the grant of the cluster has',
    { region: foreign.region },
    'first region_not_allowed /region',
  ],
  [
    'the account and region that another grant has with another cluster',
    foreign,
    // Of the two the one that comes nearest.
    'second cluster_not_allowed /clusterId',
  ],
];
for (const [what, values, ...violations] of placed) {
  test(`a peering of ${what} is refused, and only listed`, async (t) => {
    const gateway = await startTestGateway(t, { policy });
    const id = put(gateway, 'active', values);
    await assertDenied(gateway, () => remove(gateway, id), violations, [look]);
    const { accountId, region } = { ...allowed, ...values };
    const data = gateway.records[0]?.api.request.data;
    assert.deepEqual([data?.peeringId, data?.accountId, data?.region], [id, accountId, region]);
  });
}

test('without a grant for the action, or for the cluster, nothing is even looked up', async (t) => {
  for (const [call, violation] of [
    [{ claims: { sub: 'svc-reader' } }, 'readers action_not_allowed '],
    [{ claims: { sub: 'nobody' } }, 'grants no_grant '],
    [{ cluster: '00000000-0000-4000-8000-000000000000' }, 'first cluster_not_allowed /clusterId'],
  ] as const) {
    const gateway = await startTestGateway(t, { policy });
    const id = put(gateway);
    await assertDenied(gateway, () => remove(gateway, id, call), [violation], []);
    assert.equal(gateway.cloud.connections, 0);
  }
});

test('without grants the guardrails say whose peerings may be deleted', async (t) => {
  for (const [values, violations] of [
    [{ accountId: '444455556666' }, ['guardrails account_not_allowed /accountId']],
    [
      { accountId: '444455556666', region: 'ap-south-1' },
      ['guardrails account_not_allowed /accountId', 'guardrails region_not_allowed /region'],
    ],
  ] as const) {
    const gateway = await startTestGateway(t);
    const id = put(gateway, 'active', values);
    await assertDenied(gateway, () => remove(gateway, id), violations, [look]);
  }
});

test('the block of a peering, its size and its security do not matter: what may be no more can be deleted', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  for (const values of [
    { cidrBlock: '192.0.2.0/30' },
    { cidrBlock: '10.128.0.0/16' },
    { cidrBlock: '999.1.1.1/99' },
    { isSecureConnection: false },
  ]) {
    const id = put(gateway, 'active', values);
    assert.equal((await remove(gateway, id)).status, 204, JSON.stringify(values));
  }
});

test('an exception for deletes widens what its callers may delete, until it expires, and is named in the record', async (t) => {
  const exception = (id: string, expires: string) => `
  - id: ${id}
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [delete]
    allows: { accounts: ["444455556666"], regions: [eu-west-1] }
    expires: ${expires}`;
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const gateway = await startTestGateway(t, {
    policy: `${policy}exceptions:${exception('CHG-1', later)}`,
  });
  const id = put(gateway, 'active', foreign);
  assert.equal((await remove(gateway, id)).status, 204);
  assert.deepEqual(gateway.records[0]?.unmapped.decision.exceptions, ['CHG-1']);
  assert.equal((await remove(gateway, id, { claims: { sub: 'svc-reader' } })).status, 403);
  const earlier = new Date(Date.now() - 1000).toISOString();
  const over = await startTestGateway(t, { policy: `${policy}exceptions:${exception('CHG-1', earlier)}` });
  const lapsed = put(over, 'active', foreign);
  assert.equal((await remove(over, lapsed)).status, 403);
});

test('in report mode what would be refused is sent, and recorded with everything against it', async (t) => {
  const gateway = await startTestGateway(t, { policy: `${policy}mode: report\n` });
  const id = put(gateway, 'active', { accountId: foreign.accountId });
  assert.equal((await remove(gateway, id)).status, 204);
  for (const { unmapped } of gateway.records) {
    assert.equal(unmapped.decision.mode, 'report');
    assert.deepEqual(
      unmapped.decision.violations.map(({ code }) => code),
      ['account_not_allowed'],
    );
  }
});

test('the effective policy tells a caller of delete when a grant of its own has it, in JSON and in Markdown', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const effective = async (sub: string, accept: string) => {
    const authorization = `Bearer ${await gateway.issuer.sign({ sub, scope: '' })}`;
    return await gateway.call({ path: '/policy/effective', headers: { authorization, accept } });
  };
  const { json } = await effective('svc-payments', 'application/json');
  assert.deepEqual(
    json.grants.map(({ id, actions }) => [id, actions]),
    [
      ['first', ['create', 'list', 'delete']],
      ['second', ['delete']],
    ],
  );
  const { text } = await effective('svc-payments', 'text/markdown');
  assert.match(text, /^- `second`: delete$/m);
  assert.match(text, /^A peering to be deleted must be in one of these accounts and regions;/m);
  assert.doesNotMatch((await effective('svc-reader', 'application/json')).text, /delete/);
});

test('nothing that a caller says of the peering counts: only the list does', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway, 'active', { accountId: '444455556666' });
  const lies = { accountId: allowed.accountId, region: allowed.region };
  const body = JSON.stringify({ ...allowed, id });
  const call = { claims: lies, headers: { 'content-type': 'application/json' }, body };
  await assertDenied(
    gateway,
    () => remove(gateway, id, call),
    ['guardrails account_not_allowed /accountId'],
    [look],
  );
});

const secret = 'words-of-the-upstream';
for (const [what, members] of Object.entries({
  'no account': { region: 'us-east-1' },
  'no region': { accountId: '111122223333' },
  'something else as account': { accountId: secret, region: 'us-east-1' },
  'something else as region': { accountId: '111122223333', region: `us-east-1\n${secret}` },
})) {
  test(`a peering that is listed with ${what} is not deleted, even in report mode`, async (t) => {
    const gateway = await startTestGateway(t, { policy: `${guardrailsOnly}mode: report\n` });
    const id = put(gateway);
    gateway.cloud.setFault(({ method, path }) =>
      method === 'GET' && path.startsWith('/v1')
        ? (_, response) => sendReply(response, { status: 200, body: { vpcPeerings: [{ id, ...members }] } })
        : undefined,
    );
    const reply = await remove(gateway, id);
    assertProblem(reply, 502, 'system:unavailable', 'http_protocol_error; received-status=200');
    assert.deepEqual(reply.json.context, { sent: 'no' });
    assert.equal(deletes(gateway).length, 0);
    assert.deepEqual(recorded(gateway), ['peering.delete.refused 2']);
    assert.equal(gateway.records[0]?.status_code, 'preflight-failed');
    assert.doesNotMatch(gateway.output() + reply.text, new RegExp(secret));
  });
}

test('what the list says besides in another form than AWS gives it is not recorded, and the delete goes its way', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const { accountId, region } = allowed;
  const listed = { id, accountId, region, vpcId: secret, cidrBlock: secret, status: secret };
  gateway.cloud.setFault(({ method, path }) =>
    method === 'GET' && path.startsWith('/v1')
      ? (_, response) => sendReply(response, { status: 200, body: { vpcPeerings: [listed] } })
      : undefined,
  );
  assert.equal((await remove(gateway, id)).status, 204);
  assert.deepEqual(gateway.records[1]?.api.request.data, { clusterId, peeringId: id, accountId, region });
  assert.doesNotMatch(gateway.output(), new RegExp(secret));
});
