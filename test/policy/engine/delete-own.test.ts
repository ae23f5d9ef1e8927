// `deleteOwn` lets a caller delete what it created itself and nothing else, whatever other grants it has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, isGranted, nothingGranted } from '../../../src/policy/engine/decide.ts';
import type { Question } from '../../../src/policy/engine/decision.ts';
import { compileOnly, isInside } from '../../../src/policy/engine/only.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
`;
const granting = (...actions: string[]) =>
  policyOf(
    `${head}grants:\n${actions
      .map((action) => `  - { id: ${action}, callers: [{ claim: sub, equals: a }], actions: [${action}] }\n`)
      .join('')}`,
  );
const place = { accountId: '111122223333', region: 'us-east-1' };
const ask = (policy: ReturnType<typeof policyOf>, question: Partial<Question>) => {
  const { effect, grant, violations } = decide(policy, {
    claims: { sub: 'a' },
    at: 0,
    action: 'delete',
    clusterId,
    ...question,
  });
  return [effect, grant, ...violations.map(({ code, rule }) => `${rule} ${code}`)];
};

test('of a peering that was found, only its creator may delete it by deleteOwn', () => {
  const own = granting('deleteOwn');
  assert.deepEqual(ask(own, { existing: { ...place, isOwn: true } }), ['allow', 'deleteOwn']);
  for (const isOwn of [false, undefined])
    assert.deepEqual(ask(own, { existing: { ...place, isOwn } }), ['deny', null, 'deleteOwn not_owner']);
  // Who created it is asked once it was found.
  assert.deepEqual(ask(own, {}), ['allow', 'deleteOwn']);
});

test('deleteOwn covers deletes and nothing else', () => {
  for (const action of ['list', 'inspect'] as const)
    assert.deepEqual(ask(granting('deleteOwn'), { action }), ['deny', null, 'deleteOwn action_not_allowed']);
  const peering = {
    clusterId,
    vpcId: 'vpc-01234567',
    cidrBlock: '10.0.0.0/16',
    isSecureConnection: true,
    ...place,
  };
  assert.deepEqual(ask(granting('create', 'deleteOwn'), { action: 'create', peering }), ['allow', 'create']);
  assert.deepEqual(ask(granting('deleteOwn'), { action: 'create', peering }), [
    ...['deny', null, 'deleteOwn action_not_allowed'],
  ]);
});

test('a grant of delete goes on covering every peering beside one of deleteOwn', () => {
  const both = granting('deleteOwn', 'delete');
  assert.deepEqual(ask(both, { existing: { ...place, isOwn: false } }), ['allow', 'delete']);
});

test('where only deleteOwn lets a caller delete, it says why not, and report mode does not suspend it', () => {
  const others = granting('create', 'list', 'deleteOwn');
  const foreign = { existing: { ...place, isOwn: false } };
  assert.deepEqual(ask(others, foreign), ['deny', null, 'deleteOwn not_owner']);
  const reported = policyOf(
    `${head}mode: report\ngrants: [{ id: own, callers: [{ claim: sub, equals: a }], actions: [deleteOwn] }]\n`,
  );
  assert.deepEqual(ask(reported, foreign), ['deny', null, 'own not_owner']);
  assert.deepEqual(ask(reported, { existing: { ...place, region: 'eu-west-1', isOwn: true } }), [
    ...['allow', null, 'guardrails region_not_allowed'],
  ]);
});

test('a caller is granted something if any grant matches, or none is needed', () => {
  const [some, open] = [granting('list'), policyOf(head)];
  assert.equal(isGranted(some, { claims: { sub: 'a' } }), true);
  assert.equal(isGranted(some, { claims: { sub: 'b' } }), false);
  assert.equal(isGranted(some, { claims: { sub: 'a' }, withoutScopes: true }), false);
  assert.equal(isGranted(open, { claims: {} }), true);
  assert.equal(isGranted(open, { claims: {}, withoutScopes: true }), false);
  assert.deepEqual(nothingGranted(some), {
    effect: 'deny',
    policyVersion: some.version,
    mode: 'enforce',
    grant: null,
    exceptions: [],
    violations: decide(some, { claims: {}, at: 0, action: 'list' }).violations,
  });
});

test('a list of any cluster is inside of a narrowed exception unless it is narrowed to more than clusters', () => {
  const list = { claims: {}, at: 0, action: 'list' } as const;
  assert.ok(isInside(compileOnly({ clusters: [clusterId] }), list, undefined));
  assert.ok(isInside(compileOnly({ clusters: [clusterId] }), { ...list, clusterId }, undefined));
  assert.ok(!isInside(compileOnly({ clusters: [clusterId] }), { ...list, clusterId: 'another' }, undefined));
  for (const only of [{ regions: ['us-east-1'] }, { accounts: ['111122223333'] }, { vpcs: ['vpc-01234567'] }])
    assert.ok(!isInside(compileOnly(only), list, undefined));
});
