// Grants: who may do what. One of them must fit a request whole; what is not granted is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { PeeringRequest, Question } from '../../../src/policy/engine/decision.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const otherCluster = 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22';
const policy = policyOf(`version: 1
organization: acme
guardrails:
  accounts: ["111122223333", "444455556666"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8]
grants:
  - id: account-here
    callers: [{ claim: sub, equals: halves }]
    actions: [create, list]
    accounts: ["111122223333"]
    regions: [us-east-1]
  - id: region-there
    callers: [{ claim: sub, equals: halves }]
    actions: [create]
    accounts: ["444455556666"]
    regions: [eu-west-1]
    cidrs: [10.40.0.0/16]
  - id: clusters
    callers: [{ claim: sub, equals: bound }]
    actions: [create, list]
    clusters: [${clusterId.toUpperCase()}]
  - id: reader
    callers: [{ claim: groups, contains: readers }]
    actions: [list]
`);

function ask(
  claims: Question['claims'],
  changes: Partial<PeeringRequest> = {},
  action: Question['action'] = 'create',
) {
  const cluster = changes.clusterId ?? clusterId;
  const peering = action === 'create' ? { ...allowed, ...changes, clusterId: cluster } : undefined;
  return decide(policy, { claims, at: 0, action, clusterId: cluster, peering });
}

const said = (decision: ReturnType<typeof decide>) =>
  decision.violations.map(({ rule, code, field }) => `${rule} ${code} ${field}`);

test('the grant that fits the request whole is named, with nothing against it', () => {
  const decision = ask({ sub: 'halves' });
  assert.deepEqual([decision.effect, decision.grant, decision.violations], ['allow', 'account-here', []]);
  const other = { accountId: '444455556666', region: 'eu-west-1', cidrBlock: '10.40.1.0/24' };
  assert.equal(ask({ sub: 'halves' }, other).grant, 'region-there');
});

test('two grants that fit half each do not add up', () => {
  const decision = ask({ sub: 'halves' }, { region: 'eu-west-1' });
  assert.deepEqual([decision.effect, decision.grant], ['deny', null]);
  assert.deepEqual(said(decision), ['account-here region_not_allowed /region']);
});

test('the violations are those of the grant that comes nearest', () => {
  const changes = { accountId: '444455556666', region: 'eu-west-1', cidrBlock: '10.41.0.0/24' };
  const decision = ask({ sub: 'halves' }, changes);
  assert.deepEqual(said(decision), ['region-there cidr_not_allowed /cidrBlock']);
  assert.deepEqual(decision.violations[0]?.allowed, ['10.40.0.0/16']);
});

test('of grants that come equally near the first one speaks', () => {
  const decision = ask({ sub: 'halves' }, { accountId: '444455556666', cidrBlock: '10.40.0.0/24' });
  assert.deepEqual(said(decision), ['account-here account_not_allowed /accountId']);
});

test('guardrails and grant speak together, each for itself', () => {
  const decision = ask({ sub: 'halves' }, { region: 'ap-south-1', cidrBlock: '192.0.2.0/24' });
  assert.deepEqual(said(decision), [
    'guardrails region_not_allowed /region',
    'guardrails cidr_not_allowed /cidrBlock',
    'account-here region_not_allowed /region',
  ]);
});

test('a caller without a grant is refused with no_grant, whatever it asks', () => {
  for (const action of ['create', 'list', 'delete'] as const) {
    const decision = ask({ sub: 'nobody' }, {}, action);
    assert.equal(decision.effect, 'deny');
    assert.deepEqual(said(decision), ['grants no_grant ']);
    assert.deepEqual(decision.violations[0]?.allowed, []);
  }
  assert.deepEqual(said(ask({})), ['grants no_grant ']);
});

test('no_grant comes together with what the guardrails have against the request', () => {
  assert.deepEqual(said(ask({ sub: 'nobody' }, { region: 'ap-south-1' })), [
    'guardrails region_not_allowed /region',
    'grants no_grant ',
  ]);
});

test('an action that the grant lacks is refused with those that it has', () => {
  const decision = ask({ groups: 'readers' });
  assert.deepEqual(said(decision), ['reader action_not_allowed ']);
  assert.deepEqual(decision.violations[0]?.allowed, ['list']);
  assert.match(decision.violations[0]?.description ?? '', /does not cover create\. Allowed: list\./);
  assert.equal(ask({ groups: 'readers' }, {}, 'list').effect, 'allow');
  assert.deepEqual(said(ask({ groups: ['readers'] }, {}, 'delete')), ['reader action_not_allowed ']);
});

test('a cluster that the grant lacks is refused for every action', () => {
  for (const action of ['create', 'list'] as const) {
    const decision = ask({ sub: 'bound' }, { clusterId: otherCluster }, action);
    assert.deepEqual(said(decision), ['clusters cluster_not_allowed /clusterId']);
    assert.deepEqual(decision.violations[0]?.allowed, [clusterId]);
    assert.equal(ask({ sub: 'bound' }, {}, action).grant, 'clusters');
  }
});

test('of a list only action and cluster count', () => {
  const decision = ask({ sub: 'halves' }, {}, 'list');
  assert.deepEqual([decision.effect, decision.grant], ['allow', 'account-here']);
});

test('without grants every caller may do everything inside the guardrails', () => {
  const open = policyOf(
    '{version: 1, organization: a, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8]}}',
  );
  for (const action of ['create', 'list', 'delete'] as const) {
    const peering = action === 'create' ? { ...allowed, clusterId } : undefined;
    const decision = decide(open, { claims: {}, at: 0, action, clusterId, peering });
    assert.deepEqual([decision.effect, decision.grant], ['allow', null]);
  }
});
