// The decision by the guardrails: all violations at once, each with what would have passed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../../../src/policy/engine/compile.ts';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { PeeringRequest } from '../../../src/policy/engine/decision.ts';
import { allowed, clusterId, guardrailsOnly } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const policy = policyOf(guardrailsOnly);
const request: PeeringRequest = { clusterId, ...allowed };
const ask = (changes: Partial<PeeringRequest>, under: Policy = policy) =>
  decide(under, { claims: {}, at: 0, action: 'create', clusterId, peering: { ...request, ...changes } });
const codes = (changes: Partial<PeeringRequest>, under = policy) =>
  ask(changes, under).violations.map(({ code }) => code);

test('a request inside all guardrails is allowed, with the version that decided', () => {
  assert.deepEqual(ask({}), {
    effect: 'allow',
    policyVersion: policy.version,
    mode: 'enforce',
    grant: null,
    exceptions: [],
    violations: [],
  });
});

test('every violation is named at once, with field, rule, words and what would have passed', () => {
  const decision = ask({
    accountId: '999999999999',
    region: 'ap-south-1',
    cidrBlock: '192.0.2.0/29',
    isSecureConnection: false,
  });
  assert.equal(decision.effect, 'deny');
  assert.deepEqual(
    decision.violations.map(({ code, field, rule, allowed: passes }) => ({ code, field, rule, passes })),
    [
      { code: 'account_not_allowed', field: '/accountId', rule: 'guardrails', passes: ['111122223333'] },
      {
        code: 'region_not_allowed',
        field: '/region',
        rule: 'guardrails',
        passes: ['us-east-1', 'eu-west-1'],
      },
      {
        code: 'cidr_not_allowed',
        field: '/cidrBlock',
        rule: 'guardrails',
        passes: ['10.0.0.0/8', '172.16.0.0/12'],
      },
      { code: 'prefix_length', field: '/cidrBlock', rule: 'guardrails', passes: { min: 16, max: 28 } },
      { code: 'insecure_connection', field: '/isSecureConnection', rule: 'guardrails', passes: [true] },
    ],
  );
  for (const { description } of decision.violations) assert.match(description, /Allowed: .+\.$/);
});

const overlaps: readonly (readonly [string, boolean])[] = [
  ['10.128.0.0/19', true],
  ['10.128.0.0/16', true],
  ['10.128.31.0/24', true],
  ['10.128.32.0/24', false],
  ['10.127.0.0/16', false],
  ['10.129.0.16/28', true],
];

for (const [cidrBlock, forbidden] of overlaps) {
  test(`${cidrBlock} is ${forbidden ? '' : 'not '}forbidden for its overlap`, () => {
    assert.equal(codes({ cidrBlock }).includes('cidr_forbidden'), forbidden);
  });
}

test('a block must be inside the allowed ones as a whole', () => {
  assert.deepEqual(codes({ cidrBlock: '10.255.0.0/16' }), []);
  assert.deepEqual(codes({ cidrBlock: '8.0.0.0/6' }), [
    'cidr_not_allowed',
    'cidr_forbidden',
    'prefix_length',
  ]);
});

test('the prefix length counts at both ends', () => {
  assert.deepEqual(codes({ cidrBlock: '10.20.0.0/16' }), []);
  assert.deepEqual(codes({ cidrBlock: '10.20.0.16/28' }), []);
  assert.deepEqual(codes({ cidrBlock: '10.20.0.0/15' }), ['prefix_length']);
  assert.deepEqual(codes({ cidrBlock: '10.20.0.0/29' }), ['prefix_length']);
});

test('what a policy leaves out is as strict as the interface says', () => {
  const least = policyOf(
    `{version: 1, organization: a, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [0.0.0.0/0]}}`,
  );
  assert.deepEqual(codes({ cidrBlock: '10.129.0.0/24' }, least), ['cidr_forbidden']);
  assert.deepEqual(codes({ cidrBlock: '10.0.0.0/15' }, least), ['prefix_length']);
  assert.deepEqual(codes({ isSecureConnection: false }, least), ['insecure_connection']);
});

test('what would have passed is bounded in size however long the list is', () => {
  const accounts = Array.from({ length: 1000 }, (_, index) => `"${String(index).padStart(12, '0')}"`);
  const wide = policyOf(guardrailsOnly.replace('"111122223333"', accounts.join(', ')));
  const [violation] = ask({}, wide).violations;
  assert.ok(Array.isArray(violation?.allowed));
  assert.equal(violation.allowed.length, 20);
  assert.match(violation.description, /and 980 more/);
});

test('a block that is no network is denied, whatever the caller of the decision has checked', () => {
  assert.deepEqual(codes({ cidrBlock: '10.0.0.0/8\n' }), ['cidr_not_allowed']);
});
