// Which records are decided again, by which of their members, and what is said of a delete whose creator nobody recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '../../../src/operations/registry.ts';
import { describeReplayed, replay } from '../../../src/policy/engine/replay.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
`;
const open = policyOf(head);
const at = Date.parse('2026-11-01T00:00:00Z');
const place = { accountId: '111122223333', region: 'us-east-1' };
const peering = {
  clusterId,
  vpcId: 'vpc-01234567',
  cidrBlock: '10.0.0.0/16',
  isSecureConnection: true,
  ...place,
};

/** Of a record, the members that a decision is made from. */
const recordOf = (code: string, data: object | null = { clusterId }, unmapped: object = {}) => ({
  start_time: at,
  metadata: { event_code: code },
  actor: { user: { uid: 'svc' }, idp: { name: 'https://idp.example' } },
  api: { request: data === null ? {} : { data } },
  unmapped: { decision: { effect: 'allow', violations: [] }, ...unmapped },
});
type Raw = Record<string, Record<string, unknown>>;

const actions: Readonly<Record<string, string>> = {
  'peering.create.intent': 'create',
  'peering.create.refused': 'create',
  'peering.create.dryrun': 'create',
  'peering.list.outcome': 'list',
  'peering.list.refused': 'list',
  'cluster.read.outcome': 'list',
  'cluster.read.refused': 'list',
  'peering.delete.intent': 'delete',
  'peering.delete.refused': 'delete',
  'fleet.list.outcome': 'inspect',
  'fleet.list.refused': 'inspect',
};

test('each request is decided again by its one record that has the decision', () => {
  for (const [code, action] of Object.entries(actions)) {
    const question = replay(open, recordOf(code, peering))?.question;
    assert.equal(question?.action, action, code);
    assert.equal(question?.clusterId, clusterId);
    assert.deepEqual(question?.peering, action === 'create' ? peering : undefined);
    assert.equal(question?.existing?.accountId, action === 'delete' ? place.accountId : undefined);
  }
  for (const code of [
    'peering.create.outcome',
    'peering.delete.outcome',
    'peering.create.reconciled',
    'gateway.started',
    '',
  ])
    assert.equal(replay(open, recordOf(code, peering)), undefined, code);
});

test('of every operation, the records that have its decision are decided again', () => {
  for (const { action, eventPrefix, method } of operations) {
    if (action === undefined) continue;
    for (const phase of [method === 'GET' ? 'outcome' : 'intent', 'refused']) {
      const code = `${eventPrefix}.${phase}`;
      assert.equal(replay(open, recordOf(code, peering))?.question.action, action, code);
    }
  }
});

test('a record that lacks what a decision is made from, or has it in another form, is passed over', () => {
  const good = recordOf('peering.list.outcome') as unknown as Raw;
  assert.ok(replay(open, good) !== undefined);
  const broken: readonly object[] = [
    { ...good, start_time: undefined },
    { ...good, start_time: -1 },
    { ...good, start_time: 8.64e15 + 1 },
    { ...good, metadata: { event_code: 7 } },
    { ...good, actor: { idp: { name: 'i' } } },
    { ...good, actor: { user: { uid: 7 }, idp: { name: 'i' } } },
    { ...good, actor: { user: { uid: 'u' }, idp: {} } },
    { ...good, actor: { ...good['actor'], app_uid: 7 } },
    { ...good, actor: { ...good['actor'], session: { credential_uid: 7 } } },
    { ...good, api: {} },
    { ...good, api: { request: { data: { clusterId: 7 } } } },
    { ...good, unmapped: {} },
    { ...good, unmapped: { decision: { effect: 'perhaps', violations: [] } } },
    { ...good, unmapped: { decision: { effect: 'allow', violations: [{}] } } },
    { ...good, unmapped: { ...good['unmapped'], claims: [] } },
    { ...good, unmapped: { ...good['unmapped'], absentClaims: [7] } },
    { ...good, unmapped: { ...good['unmapped'], withoutScopes: 'no' } },
  ];
  for (const record of broken) assert.equal(replay(open, record), undefined, JSON.stringify(record));
  for (const member of Object.keys(peering)) {
    const data = { ...peering, [member]: undefined };
    assert.equal(replay(open, recordOf('peering.create.intent', data)), undefined, member);
  }
});

test('a record without anything about its request is decided for any cluster', () => {
  const replayed = replay(open, recordOf('fleet.list.outcome', null));
  assert.ok(replayed !== undefined);
  assert.equal(replayed.question.clusterId, undefined);
  assert.equal(
    describeReplayed(replayed),
    '2026-11-01T00:00:00.000Z svc: inspect clusters: allow → allow ()',
  );
});

test('the line of a delete says where the peering lies, as far as it was known', () => {
  const line = (data: object, policy = open) => {
    const replayed = replay(policy, recordOf('peering.delete.intent', data));
    assert.ok(replayed !== undefined);
    return describeReplayed(replayed).slice('2026-11-01T00:00:00.000Z '.length);
  };
  assert.equal(line({ clusterId }), `svc: delete ${clusterId}: allow → allow ()`);
  assert.equal(
    line({ clusterId, ...place, region: 'eu-west-1' }),
    `svc: delete ${clusterId} eu-west-1 111122223333: allow → deny (region_not_allowed)`,
  );
  assert.equal(
    replay(open, recordOf('peering.delete.intent', { clusterId, region: 'us-east-1' }))?.question.existing,
    undefined,
  );
});

test('the codes of the past are each named once', () => {
  const decision = { effect: 'deny', violations: [{ code: 'a' }, { code: 'b' }, { code: 'a' }] };
  const replayed = replay(open, recordOf('peering.list.refused', { clusterId }, { decision }));
  assert.deepEqual(
    [replayed?.before, replayed?.codesBefore, replayed?.subject, replayed?.at],
    ['deny', ['a', 'b'], 'svc', at],
  );
});

test('a delete by deleteOwn is uncertain where no record says who created the peering, and certain where one does', () => {
  const own = policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: sub, equals: svc }], actions: [deleteOwn] }]\n`,
  );
  const verdict = (more: object) => {
    const replayed = replay(own, recordOf('peering.delete.intent', { clusterId, ...place, ...more }));
    return [replayed?.after, ...(replayed?.notRecorded ?? [])];
  };
  assert.deepEqual(verdict({}), ['deny', 'who created the peering']);
  assert.deepEqual(verdict({ isOwn: false }), ['deny']);
  assert.deepEqual(verdict({ isOwn: true }), ['allow']);
  // No creator could turn this around.
  assert.deepEqual(verdict({ region: 'eu-west-1' }), ['deny']);
});

test('a creator that is recorded is not called missing beside a claim that is', () => {
  const both = policyOf(`${head}grants:
  - { id: own, callers: [{ claim: sub, equals: svc }], actions: [deleteOwn] }
  - { id: all, callers: [{ claim: team, equals: net }], actions: [delete] }
`);
  const replayed = (isOwn: boolean | undefined) =>
    replay(both, recordOf('peering.delete.intent', { clusterId, ...place, isOwn }))?.notRecorded;
  assert.deepEqual(replayed(false), ['team']);
  assert.deepEqual(replayed(undefined), ['team', 'who created the peering']);
});

test('a list that lacks the claim of the accounts is uncertain by the claim alone', () => {
  const proven = policyOf(
    `${head}grants: [{ id: g, callers: [{ all: [{ claim: iss, equals: "https://idp.example" }, { claim: team, equals: a }] }], actions: [list], accounts: { fromClaim: account } }]\n`,
  );
  const replayed = replay(proven, recordOf('peering.list.outcome'));
  assert.deepEqual([replayed?.after, replayed?.notRecorded], ['deny', ['team', 'account']]);
});
