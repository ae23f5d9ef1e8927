// An explanation has every rule that concerns the caller, what each says, and which exceptions would help.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { Question } from '../../../src/policy/engine/decision.ts';
import { explain } from '../../../src/policy/engine/explain.ts';
import { policyOf } from '../../support/policy.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const iss = 'https://idp.example';
const expires = Date.parse('2027-01-01T00:00:00Z');
const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8], prefixLength: { min: 16, max: 24 } }
`;
const grants = `grants:
  - { id: narrow, callers: [{ claim: sub, equals: a }], actions: [create], cidrs: [10.20.0.0/16] }
  - { id: other, callers: [{ claim: sub, equals: b }], actions: [create] }
  - { id: proven, callers: [{ claim: iss, equals: "${iss}" }], actions: [create, list], accounts: { fromClaim: account } }
`;
const exceptions = `exceptions:
  - { id: abroad, callers: [{ claim: sub, equals: a }], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }
  - { id: lists, callers: [{ claim: sub, equals: a }], actions: [list], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }
  - { id: elsewhere, callers: [{ claim: sub, equals: a }], only: { regions: [eu-north-1] }, allows: { regions: [eu-north-1] }, expires: 2027-01-01T00:00:00Z }
  - { id: theirs, callers: [{ claim: sub, equals: b }], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }
`;
const whole = policyOf(head + grants + exceptions);

const ask = (peering: object = {}, more: Partial<Question> = {}): Question => ({
  claims: { iss, sub: 'a', account: '111122223333' },
  at: expires - 1,
  action: 'create',
  clusterId,
  peering: {
    clusterId,
    vpcId: 'vpc-0123456789abcdef0',
    cidrBlock: '10.20.4.0/24',
    accountId: '111122223333',
    region: 'us-east-1',
    isSecureConnection: true,
    ...peering,
  },
  ...more,
});
const said = (...given: Parameters<typeof explain>) =>
  explain(...given).opinions.map(({ rule, violations, exceptions: needed }) => [
    rule,
    violations.map(({ code }) => code).join(),
    needed.join(),
  ]);

test('the guardrails and every grant of the caller speak, and no grant of another', () => {
  assert.deepEqual(said(whole, ask()), [
    ['guardrails', '', ''],
    ['narrow', '', ''],
    ['proven', '', ''],
  ]);
  assert.deepEqual(said(whole, ask({ cidrBlock: '10.21.0.0/24', accountId: '999999999999' })), [
    ['guardrails', 'account_not_allowed', ''],
    ['narrow', 'cidr_not_allowed', ''],
    ['proven', 'account_not_allowed', ''],
  ]);
  assert.deepEqual(explain(whole, ask()).grants, ['narrow', 'proven']);
});

test('a rule that an exception helps names it, and each exception of the caller says why it has an effect or none', () => {
  const asked = ask({ region: 'eu-west-1' });
  assert.deepEqual(said(whole, asked)[0], ['guardrails', '', 'abroad']);
  const { exceptions: known, decision } = explain(whole, asked);
  assert.deepEqual(decision, decide(whole, asked));
  assert.deepEqual(known, [
    { id: 'abroad', expired: false, widens: true, applies: true },
    { id: 'lists', expired: false, widens: false, applies: true },
    { id: 'elsewhere', expired: false, widens: true, applies: false },
  ]);
  const late = explain(whole, { ...asked, at: expires });
  assert.ok(late.exceptions.every(({ expired }) => expired));
  assert.deepEqual(
    late.opinions[0]?.violations.map(({ code }) => code),
    ['region_not_allowed'],
  );
});

test('an exception that is narrowed to blocks applies by the block that is asked for', () => {
  const policy = policyOf(`${head}exceptions:
  - { id: e, callers: [{ claim: sub, equals: a }], only: { cidrs: [10.20.0.0/16] }, allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }\n`);
  const applies = (cidrBlock: string) => explain(policy, ask({ cidrBlock })).exceptions[0]?.applies;
  assert.deepEqual([applies('10.20.4.0/24'), applies('10.21.4.0/24'), applies('none')], [true, false, false]);
});

test('the accounts that a token proves are named with their claim, for a grant that takes them from it', () => {
  const accounts = explain(whole, ask()).opinions.map(({ accountsFromClaim }) => accountsFromClaim);
  assert.deepEqual(accounts, [undefined, undefined, { claim: 'account', accounts: ['111122223333'] }]);
});

test('a denial is never shown without its reason: what no rule says is said by none of them', () => {
  const stranger = { claims: { sub: 'c' } };
  assert.deepEqual(said(whole, ask({}, stranger)), [
    ['guardrails', '', ''],
    ['grants', 'no_grant', ''],
  ]);
  assert.deepEqual(explain(whole, ask({}, stranger)).grants, []);
  const withVpcs = policyOf(`${head}vpcs: { file: vpcs.csv }\n`, {
    'vpcs.csv': 'vpc-01234567,111122223333,us-east-1,10.0.0.0/8\n',
  });
  assert.deepEqual(said(withVpcs, ask()), [
    ['guardrails', '', ''],
    ['vpcs', 'vpc_unknown', ''],
  ]);
});

test('a rule speaks in the words of the decision, with the nearest block that fits', () => {
  const { opinions, decision } = explain(whole, ask({ cidrBlock: '10.20.4.0/25' }));
  assert.deepEqual(opinions[0]?.violations, decision.violations);
  assert.match(opinions[0]?.violations[0]?.description ?? '', /nearest block that fits: 10\.20\.4\.0\/24\.$/);
});

test('of a policy without grants a caller with scopes needs none, and one without scopes has none', () => {
  const open = policyOf(head);
  assert.equal(explain(open, ask()).grants, undefined);
  assert.deepEqual(explain(open, ask({}, { withoutScopes: true })).grants, []);
  assert.deepEqual(said(open, ask({}, { withoutScopes: true })).at(-1), ['grants', 'no_grant', '']);
  const bound = policyOf(
    `${head}grants: [{ id: g, callers: [{ all: [{ claim: iss, equals: "${iss}" }, { claim: sub, equals: a }] }], actions: [create] }]\n`,
  );
  assert.deepEqual(explain(bound, ask({}, { withoutScopes: true })).grants, ['g']);
});

test('a list is explained without a block', () => {
  const { opinions } = explain(whole, { claims: { iss, sub: 'a' }, at: 0, action: 'list', clusterId });
  assert.deepEqual(
    opinions.map(({ rule, violations }) => [rule, violations.map(({ code }) => code).join()]),
    [
      ['guardrails', ''],
      ['narrow', 'action_not_allowed'],
      ['proven', ''],
    ],
  );
});
