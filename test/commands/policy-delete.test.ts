// What the policy commands say of deletes: account and region of the peering count when they are given, and both are given
// or neither.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { put, remove } from '../support/call-peering.ts';
import { clusterId, startTestGateway } from '../support/gateway.ts';
import { folderWith, peergate } from './policy-run.ts';

const policy = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333", "444455556666"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8]
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [delete]
    accounts: ["111122223333"]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, delete]
    allows: { accounts: ["444455556666"] }
    expires: 2027-01-31T00:00:00Z
`;
const claims = { iss: 'https://idp.example', sub: 'svc-payments' };
const deletion = { action: 'delete', clusterId };
const mine = { accountId: '111122223333', region: 'us-east-1' };
const other = { accountId: '555566667777', region: 'ap-south-1' };

interface Case {
  readonly request: object;
  readonly expect: 'allow' | 'deny';
  readonly codes?: readonly string[];
}

async function runTests(cases: readonly Case[]) {
  const tests = cases.map((one, index) => ({ name: `case ${index}`, claims, ...one }));
  const path = await folderWith({ 'policy.yaml': policy, 'tests.json': JSON.stringify({ tests }) });
  return await peergate(['policy', 'test', path('policy.yaml'), path('tests.json')]);
}

test('`policy test` decides a delete by the account and region of its case, or by cluster and action alone', async () => {
  const ran = await runTests([
    { request: { ...deletion, ...mine }, expect: 'allow', codes: [] },
    { request: { ...deletion, ...mine, accountId: '444455556666' }, expect: 'allow' },
    { request: deletion, expect: 'allow' },
    {
      request: { ...deletion, ...other },
      expect: 'deny',
      codes: ['account_not_allowed', 'region_not_allowed'],
    },
  ]);
  assert.deepEqual([ran.status, ran.err], [0, '']);
  assert.match(ran.out, /4 passed, 0 failed/);
});

test('a delete with an account and no region, or with what a delete has not, is a fault of the tests', async () => {
  for (const [members, fault] of [
    [{ accountId: mine.accountId }, 'must have accountId and region, or neither'],
    [{ region: mine.region }, 'must have accountId and region, or neither'],
    [{ ...mine, accountId: 111122223333 }, 'accountId'],
    [{ ...mine, region: 'nowhere' }, 'region'],
    [{ ...mine, cidrBlock: '10.20.4.0/22' }, 'cidrBlock'],
  ] as const) {
    const ran = await runTests([{ request: { ...deletion, ...members }, expect: 'allow' }]);
    assert.equal(ran.status, 1, JSON.stringify(members));
    assert.ok(ran.err.includes(fault), ran.err);
  }
});

async function explain(request: object, at: string, text = policy) {
  const path = await folderWith({
    'policy.yaml': text,
    'r.json': JSON.stringify(request),
    'c.json': JSON.stringify(claims),
  });
  const files = [path('policy.yaml'), '--request', path('r.json'), '--claims', path('c.json')];
  return await peergate(['policy', 'explain', ...files, '--at', at]);
}

test('`policy explain` shows what each rule says to a delete, and the exception that it needs', async () => {
  const request = { ...deletion, ...mine, accountId: '444455556666' };
  const allowed = await explain(request, '2026-12-01T00:00:00Z');
  assert.equal(allowed.status, 0);
  assert.match(allowed.out, /^allow\n/);
  assert.match(allowed.out, /✓ payments: nothing against it, with the exception CHG-1/);
  const denied = await explain(request, '2027-12-01T00:00:00Z');
  assert.equal(denied.status, 1);
  assert.match(denied.out, /✓ guardrails: nothing against it\n/);
  assert.match(denied.out, /✗ payments\n.*account_not_allowed \/accountId\n/s);
});

test('an exception for creates widens no delete, and `policy explain` says for which action it is not', async () => {
  const request = { ...deletion, ...mine, accountId: '444455556666' };
  const forCreates = policy.replace('    actions: [create, delete]\n    allows', '    allows');
  assert.notEqual(forCreates, policy);
  const { status, out } = await explain(request, '2026-12-01T00:00:00Z', forCreates);
  assert.equal(status, 1);
  assert.match(out, /exceptions {2}CHG-1 \(not for delete\)\n/);
  assert.match(out, /✗ payments\n.*account_not_allowed \/accountId\n/s);
});

test('a delete by deleteOwn is decided by isOwn, and `policy explain` shows what was asked', async () => {
  const own = policy.replace('actions: [delete]', 'actions: [deleteOwn]');
  const tests = [
    { request: { ...deletion, ...mine, isOwn: true }, expect: 'allow' },
    { request: { ...deletion, ...mine, isOwn: false }, expect: 'deny', codes: ['not_owner'] },
    { request: { ...deletion, ...mine }, expect: 'deny', codes: ['not_owner'] },
    { request: deletion, expect: 'allow' },
  ].map((one, index) => ({ name: `case ${index}`, claims, ...one }));
  const request = JSON.stringify({ ...deletion, ...mine, isOwn: false });
  const files = { 'policy.yaml': own, 'tests.json': JSON.stringify({ tests }), 'request.json': request };
  const path = await folderWith({ ...files, 'claims.json': JSON.stringify(claims) });
  const ran = await peergate(['policy', 'test', path('policy.yaml'), path('tests.json')]);
  assert.deepEqual([ran.status, ran.err], [0, ''], ran.out);
  const explained = await peergate([
    ...['policy', 'explain', path('policy.yaml')],
    ...['--request', path('request.json'), '--claims', path('claims.json')],
  ]);
  assert.equal(explained.status, 1);
  assert.match(explained.out, /accountId +111122223333\n.*isOwn +false\n/s);
  assert.match(explained.out, /✗ payments\n.*not_owner\n/s);
});

test('`policy test` decides a read of the fleet by action, cluster, account and region', async () => {
  const inspectors = policy.replace('actions: [delete]', 'actions: [inspect]');
  const inspection = { action: 'inspect' };
  const tests = [
    { request: inspection, expect: 'allow' },
    { request: { ...inspection, clusterId, ...mine }, expect: 'allow' },
    { request: { ...inspection, ...mine, accountId: '444455556666' }, expect: 'deny' },
    { request: { ...deletion, ...mine }, expect: 'deny', codes: ['action_not_allowed'] },
  ].map((one, index) => ({ name: `case ${index}`, claims, ...one }));
  const files = { 'policy.yaml': inspectors, 'tests.json': JSON.stringify({ tests }) };
  const path = await folderWith(files);
  const ran = await peergate(['policy', 'test', path('policy.yaml'), path('tests.json')]);
  assert.deepEqual([ran.status, ran.err], [0, ''], ran.out);
});

test('`policy replay` is uncertain about a delete whose record does not say who created the peering', async (t) => {
  const lines: string[] = [];
  const before = policy.slice(0, policy.indexOf('exceptions:'));
  const gateway = await startTestGateway(t, {
    policy: before,
    sink: { write: async (line) => void lines.push(line) },
  });
  assert.equal((await remove(gateway, put(gateway, 'active'))).status, 204);
  const own = before.replace('actions: [delete]', 'actions: [deleteOwn]');
  const path = await folderWith({ 'policy.yaml': own, 'audit.log': lines.join('\n') });
  const { status, out } = await peergate(['policy', 'replay', path('policy.yaml'), path('audit.log')]);
  assert.equal(status, 1);
  assert.match(out, /^\? .*allow → deny \(not_owner\)\n +not recorded: who created the peering\n/);
});

test('`policy replay` decides recorded deletes again by where the peering lay, and says where', async (t) => {
  const lines: string[] = [];
  const gateway = await startTestGateway(t, {
    policy: policy.slice(0, policy.indexOf('exceptions:')),
    sink: { write: async (line) => void lines.push(line) },
  });
  assert.equal((await remove(gateway, put(gateway, 'active'))).status, 204);
  assert.equal((await remove(gateway, put(gateway, 'active', { region: 'eu-west-1' }))).status, 204);
  const foreign = put(gateway, 'active', { accountId: '444455556666' });
  assert.equal((await remove(gateway, foreign)).status, 403);
  assert.equal((await remove(gateway, clusterId)).status, 404);
  const narrower = policy
    .replace('accounts: ["111122223333"]\nexceptions', 'regions: [us-east-1]\nexceptions')
    .replace('2027-01-31', '2099-01-31');
  const path = await folderWith({ 'policy.yaml': narrower, 'audit.log': lines.join('\n') });
  const { status, out } = await peergate(['policy', 'replay', path('policy.yaml'), path('audit.log')]);
  assert.equal(status, 1);
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^[\dT:.-]+Z /, '')),
    [
      `svc-payments: delete ${clusterId} eu-west-1 111122223333: allow → deny (region_not_allowed)`,
      `svc-payments: delete ${clusterId} us-east-1 444455556666: deny → allow (account_not_allowed)`,
      '4 decided again, 2 changed',
    ],
  );
});
