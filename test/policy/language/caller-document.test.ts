// How callers are named: conditions together or by themselves, with or without a `*`, and what of it is a fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf } from '../../support/policy.ts';

const head = `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
`;
const withCallers = (callers: string, more = '') =>
  faultsOf(`${head}grants: [{ id: g, callers: [${callers}], actions: [create]${more} }]\n`);

test('conditions can be combined, and a * can be an ordinary character', () => {
  for (const good of [
    '{ all: [{ claim: iss, equals: "https://idp.example" }, { claim: sub, equals: "svc-*" }] }',
    '{ all: [{ claim: sub, equals: a }] }',
    '{ claim: sub, equals: "a*b", exact: true }',
    '{ claim: groups, contains: "*", exact: true }',
    '{ claim: sub, equals: "a*", exact: false }',
  ])
    assert.deepEqual(withCallers(good), [], good);
});

test('what cannot be meant is a fault at its position', () => {
  const faults: readonly (readonly [string, ...string[]])[] = [
    ['{ all: [] }', '/grants/0/callers/0/all must not be empty: it would match every caller'],
    ['{ all: none }', '/grants/0/callers/0/all must be a list'],
    [
      '{ all: [{ all: [{ claim: sub, equals: a }] }] }',
      '/grants/0/callers/0/all/0/all is not a member here',
      '/grants/0/callers/0/all/0/claim is required',
    ],
    ['{ all: [{ claim: sub }] }', '/grants/0/callers/0/all/0 must have one of equals and contains'],
    [
      '{ all: [{ claim: sub, equals: "a*b" }] }',
      '/grants/0/callers/0/all/0/equals has a * that is not at the end',
    ],
    [
      '{ claim: sub, equals: "a*b", exact: false }',
      '/grants/0/callers/0/equals has a * that is not at the end',
    ],
    [
      '{ claim: sub, contains: "a*", exact: false }',
      '/grants/0/callers/0/contains has a *, which only equals understands',
    ],
    ['{ claim: sub, equals: a, exact: yes }', '/grants/0/callers/0/exact must be true or false'],
    ['{ claim: "a\\uD800", equals: a }', '/grants/0/callers/0/claim has half of a surrogate pair'],
    ['sub', '/grants/0/callers/0 '],
  ];
  for (const [callers, ...expected] of faults) {
    const found = withCallers(callers).map((fault) => fault.replace(/^p:\d+:\d+: /, ''));
    assert.equal(found.length, expected.length, `${callers}: ${found.join('; ')}`);
    for (const each of expected)
      assert.ok(
        found.some((fault) => fault.startsWith(each)),
        found.join('; '),
      );
  }
});

test('accounts from a claim need callers that each name their issuer, without a *', () => {
  const issuer = '{ claim: iss, equals: "https://idp.example" }';
  const fromClaim = ', accounts: { fromClaim: /aws/account }';
  for (const good of [issuer, `{ all: [{ claim: sub, equals: "a*" }, ${issuer}] }`])
    assert.deepEqual(withCallers(good, fromClaim), [], good);
  for (const bad of [
    '{ claim: sub, equals: a }',
    '{ claim: iss, equals: "https://*" }',
    '{ claim: iss, equals: "https://*", exact: true }',
    '{ claim: iss, contains: "https://idp.example" }',
    '{ claim: /iss, equals: "https://idp.example" }',
    '{ all: [{ claim: sub, equals: a }, { claim: aud, equals: "https://idp.example" }] }',
  ]) {
    const [fault, ...more] = withCallers(`${issuer}, ${bad}`, fromClaim);
    assert.match(fault ?? '', /\/grants\/0\/callers\/1 must name its issuer/, bad);
    assert.deepEqual(more, []);
  }
});

test('accounts come from a claim in grants alone', () => {
  const fromClaim = '{ fromClaim: account }';
  const guardrail = faultsOf(head.replace('["111122223333"]', fromClaim));
  assert.match(guardrail.join(), /\/guardrails\/accounts must be a list/);
  const exception = faultsOf(
    `${head}exceptions: [{ id: e, callers: [{ claim: iss, equals: x }], allows: { accounts: ${fromClaim} }, expires: 2027-01-01T00:00:00Z }]`,
  );
  assert.match(exception.join(), /\/exceptions\/0\/allows\/accounts must be a list/);
  for (const [accounts, fault] of [
    ['{ fromClaim: "" }', 'accounts/fromClaim must not be empty'],
    ['{ fromClaim: a, or: b }', 'accounts/or is not a member here'],
    ['"111122223333"', 'accounts must be a list of accounts, or { fromClaim: CLAIM }'],
    ['[]', 'accounts must not be empty: it would refuse every request'],
  ]) {
    const found = withCallers('{ claim: iss, equals: x }', `, accounts: ${accounts}`);
    assert.ok(
      found.some((each) => each.includes(String(fault))),
      `${accounts}: ${found.join('; ')}`,
    );
  }
});

test('an exception is narrowed by known members, and by at least one', () => {
  const withOnly = (only: string) =>
    faultsOf(
      `${head}exceptions: [{ id: e, callers: [{ claim: sub, equals: a }], only: ${only}, allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }]`,
    ).join();
  assert.equal(withOnly('{ vpcs: [vpc-0123456789abcdef0], cidrs: [10.0.0.0/8] }'), '');
  assert.match(withOnly('{}'), /only must not be empty/);
  assert.match(withOnly('{ vpcs: [] }'), /only\/vpcs must not be empty/);
  assert.match(withOnly('{ vpcs: [vpc-1] }'), /only\/vpcs\/0 must be a VPC id/);
  assert.match(withOnly('{ prefixLength: { min: 1, max: 2 } }'), /only\/prefixLength is not a member here/);
  assert.match(withOnly('{ cidrs: { file: gone.txt } }'), /only\/cidrs\/file cannot be read/);
});

test('a contact is at most 200 printable characters', () => {
  const withContact = (contact: string) => faultsOf(`${head}contact: ${JSON.stringify(contact)}\n`).join();
  for (const good of ['#network-access, https://wiki.acme.example/peering', 'Grüße 🙂', '🙂'.repeat(200)])
    assert.equal(withContact(good), '', good);
  for (const bad of ['', 'x'.repeat(201), 'two\nlines', 'a\u202eb', 'a\u2028b', 'a\u0000b', '\u200b'])
    assert.match(withContact(bad), /\/contact must be 1 to 200 printable characters/, JSON.stringify(bad));
});
