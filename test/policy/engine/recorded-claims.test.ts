// The claims in an audit record: only those that the policy asks for, bounded, and enough to match callers again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimAt } from '../../../src/policy/engine/callers.ts';
import { claimsFor, claimsFromRecord, mayBeCut } from '../../../src/policy/engine/recorded-claims.ts';
import { policyOf } from '../../support/policy.ts';

const asking = (...names: string[]) =>
  policyOf(`version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
grants:
  - id: g
    callers: [${names.map((name) => `{ claim: ${JSON.stringify(name)}, equals: x }`).join(', ')}]
    actions: [create]
`);

test('a policy that asks for no claim has none recorded', () => {
  const open = policyOf(
    '{version: 1, organization: a, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8]}}',
  );
  assert.equal(claimsFor(open, { sub: 'x', email: 'person@example.com' }), undefined);
});

test('only what the policy asks for is recorded, and of objects nothing', () => {
  const claims = { sub: 'x', email: 'person@example.com', address: { street: 'Home 1' }, n: 7, on: false };
  assert.deepEqual(claimsFor(asking('sub', 'address', 'n', 'on', 'none'), claims), {
    sub: 'x',
    address: null,
    n: 7,
    on: false,
    none: null,
  });
});

test('texts and lists are cut, and a cut one is known for it', () => {
  const claims = { long: 'x'.repeat(10_000), list: Array.from({ length: 1000 }, () => 'y'.repeat(1000)) };
  const recorded = claimsFor(asking('long', 'list'), claims);
  assert.ok(JSON.stringify(recorded).length < 60_000);
  assert.ok(mayBeCut(recorded?.['long']));
  assert.ok(mayBeCut(recorded?.['list']));
  for (const short of ['x', ['x'], [], 7, true, null, undefined]) assert.ok(!mayBeCut(short));
});

test('of a list only texts are recorded, with an empty one before them if there was anything else', () => {
  assert.deepEqual(claimsFor(asking('groups'), { groups: ['a', 1, null, { b: 1 }, ['c'], 'd'] }), {
    groups: ['', 'a', 'd'],
  });
});

test('what was recorded under a name or a pointer is found under it again', () => {
  const names = [
    'a/b',
    '/realm_access/roles',
    '/realm_access/level',
    '/x~1y/z~0',
    'plain',
    '__proto__',
    '/__proto__/x',
  ];
  const claims = JSON.parse(
    '{"a/b":"1","realm_access":{"roles":["r"],"level":3},"x/y":{"z~":"deep"},"plain":true,"__proto__":{"x":"own"}}',
  );
  const recorded = JSON.parse(JSON.stringify(claimsFor(asking(...names), claims)));
  const again = claimsFromRecord(recorded);
  for (const name of names.filter((each) => each !== '__proto__'))
    assert.deepEqual(claimAt(again, name), claimAt(claims, name), name);
  assert.equal(Object.getPrototypeOf(again), Object.prototype);
  assert.equal(({} as { x?: unknown }).x, undefined);
});
