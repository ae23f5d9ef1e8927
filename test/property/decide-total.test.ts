// The decision is total: whatever it is asked, ill-typed or strange, it answers, and denies what it cannot understand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../src/policy/engine/decide.ts';
import { type Question, violationCodes } from '../../src/policy/engine/decision.ts';
import { claimsFor, claimsFromRecord } from '../../src/policy/engine/recorded-claims.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';

const guardrails = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8]
  secureConnection: optional
`;
const rules = `grants:
  - id: g
    callers:
      - { claim: sub, equals: "svc-*" }
      - { claim: groups, contains: net }
      - { claim: /realm_access/roles, contains: net }
      - { claim: __proto__, equals: x }
      - { claim: /constructor/name, equals: Object }
      - { claim: n, equals: 7 }
    actions: [create, list]
exceptions:
  - id: e
    callers: [{ claim: groups, contains: far }]
    allows: { regions: [eu-west-1], prefixLength: { min: 0, max: 32 } }
    expires: 2027-01-01T00:00:00Z
`;
const policies = ['', rules, 'mode: report\n', `${rules}mode: report\n`].map((more) =>
  policyOf(guardrails + more),
);

const fitting: Question = {
  claims: { sub: 'svc-a' },
  at: 0,
  action: 'create',
  clusterId,
  peering: { ...allowed, clusterId },
};
const anything = fc.anything({
  withBigInt: true,
  withNullPrototype: true,
  withSparseArray: true,
  withDate: true,
});
const exotic = fc.constantFrom<unknown>(
  Symbol('x'),
  () => 'text',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  ['10.0.0.0/16'],
  { toString: null },
  { toString: () => '10.0.0.0/16' },
  new String('10.0.0.0/16'),
  'constructor',
  '__proto__',
  '',
);
const whatever = fc.oneof(anything, exotic);
const policy = fc.constantFrom(...policies);

function checkForm(decision: ReturnType<typeof decide>): void {
  const { effect, mode, violations, exceptions, grant } = decision;
  assert.ok(effect === 'allow' || effect === 'deny');
  if (mode === 'enforce') assert.equal(effect, violations.length === 0 ? 'allow' : 'deny');
  for (const { code, field, rule, description, allowed: passes } of violations) {
    assert.ok(violationCodes.includes(code));
    for (const word of [field, rule, description]) assert.equal(typeof word, 'string');
    assert.equal(typeof passes, 'object');
  }
  assert.ok(Array.isArray(exceptions));
  assert.ok(grant === null || grant === 'g');
  // It goes into an answer and into a record.
  JSON.stringify(decision);
}

test('no question makes the decision throw', () => {
  fc.assert(
    fc.property(policy, whatever, (under, question) => {
      const decision = decide(under, question as Question);
      checkForm(decision);
      assert.equal(decision.effect, 'deny');
    }),
  );
});

test('no value in the place of any member makes the decision throw', () => {
  const members = {
    claims: whatever,
    at: whatever,
    action: whatever,
    clusterId: whatever,
    peering: whatever,
  };
  fc.assert(
    fc.property(policy, fc.record(members, { requiredKeys: [] }), (under, changes) => {
      checkForm(decide(under, { ...fitting, ...changes } as Question));
    }),
    { numRuns: 500 },
  );
});

test('claims of any form make no decision throw, nor the record of it, nor its replay', () => {
  const claims = fc.oneof(
    whatever,
    fc.dictionary(
      fc.constantFrom('sub', 'groups', 'realm_access', '__proto__', 'constructor', 'n'),
      whatever,
    ),
    fc.json().map((text) => JSON.parse(text) as unknown),
  );
  fc.assert(
    fc.property(policy, claims, (under, given) => {
      const asked = { ...fitting, claims: given } as Question;
      checkForm(decide(under, asked));
      const recorded = claimsFor(under, asked.claims);
      if (recorded !== undefined) claimsFromRecord(JSON.parse(JSON.stringify(recorded)));
    }),
    { numRuns: 500 },
  );
});

test('what a record holds of the claims is enough to decide the same again', () => {
  const words = fc.array(fc.constantFrom<unknown>('net', 'far', 'x', 7, null), { maxLength: 3 });
  const value = fc.oneof(fc.constantFrom<unknown>('svc-a', 'net', 'x far', 7, '7', true, null), words);
  const claims = fc.record(
    { sub: value, groups: value, n: value, ['__proto__']: value, realm_access: fc.record({ roles: value }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(policy, claims, fc.boolean(), (under, given, far) => {
      const peering = { ...allowed, clusterId, ...(far ? { region: 'eu-west-1' } : {}) };
      const asked: Question = { ...fitting, peering, claims: given };
      const again = claimsFromRecord(JSON.parse(JSON.stringify(claimsFor(under, given) ?? {})));
      assert.deepEqual(decide(under, { ...asked, claims: again }), decide(under, asked));
    }),
    { numRuns: 500 },
  );
});

const types = {
  cidrBlock: (value: unknown) => typeof value !== 'string' || !/^[\d.]+\/\d+$/.test(value),
  accountId: (value: unknown) => value !== allowed.accountId,
  region: (value: unknown) => value !== allowed.region,
  isSecureConnection: (value: unknown) => typeof value !== 'boolean',
} as const;

test('a value of another type in the place of one of the request’s is denied, in report mode when it is no request', () => {
  const change = fc
    .constantFrom(...(Object.keys(types) as (keyof typeof types)[]))
    .chain((name) => fc.tuple(fc.constant(name), whatever.filter(types[name])));
  fc.assert(
    fc.property(policy, change, (under, [name, value]) => {
      const peering = { ...allowed, clusterId, [name]: value };
      const decision = decide(under, { ...fitting, peering } as unknown as Question);
      checkForm(decision);
      const fields = decision.violations.map(({ field }) => field);
      assert.ok(fields.includes(`/${name}`), String(fields));
      if (typeof value !== typeof allowed[name]) assert.equal(decision.effect, 'deny');
    }),
    { numRuns: 500 },
  );
});

test('an action that there is not is denied, with grants and without', () => {
  fc.assert(
    fc.property(policy, whatever, (under, action) => {
      if (['create', 'list', 'delete'].includes(action as string)) return;
      assert.equal(decide(under, { ...fitting, action } as Question).effect, 'deny');
      const { peering: _, ...bare } = fitting;
      assert.equal(decide(under, { ...bare, action } as Question).effect, 'deny');
    }),
  );
});

test('a time that is none keeps every exception out', () => {
  const [, under] = policies;
  assert.ok(under !== undefined);
  const peering = { ...allowed, clusterId, region: 'eu-west-1' };
  const at = (time: unknown) =>
    decide(under, { ...fitting, claims: { groups: 'net far' }, peering, at: time } as Question);
  assert.deepEqual(at(0).exceptions, ['e']);
  for (const time of [Number.NaN, undefined, 'soon', {}, Number.POSITIVE_INFINITY])
    assert.equal(at(time).effect, 'deny', String(time));
});
