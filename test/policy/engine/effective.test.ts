// What a caller may do, as it is told: its own part of the policy, bounded in size, and safe to set as Markdown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectivePolicy } from '../../../src/policy/engine/effective.ts';
import { effectiveMarkdown } from '../../../src/policy/engine/effective-markdown.ts';
import { policyOf } from '../../support/policy.ts';

const expires = Date.parse('2027-01-31T00:00:00Z');
const blocks = Array.from({ length: 1000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
const accounts = Array.from({ length: 150 }, (_, index) => `"${String(index).padStart(12, '0')}"`);
const policy = policyOf(
  `version: 1
organization: acme
guardrails:
  accounts: [${accounts.join(', ')}]
  regions: [us-east-1]
  cidrs: { file: inside.txt }
grants:
  - id: theirs
    callers: [{ claim: sub, equals: other }]
    actions: [delete]
  - id: mine
    callers: [{ claim: sub, equals: "*" }]
    actions: [create, list]
    accounts: [${accounts.slice(0, 101).join(', ')}]
    cidrs: { file: inside.txt }
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: "*" }]
    allows: { accounts: [${accounts.join(', ')}], prefixLength: { min: 16, max: 29 }, secureConnection: optional }
    expires: 2027-01-31T01:00:00+01:00
    ticket: "CHG-1 | \`a\`"
`,
  { 'inside.txt': blocks.join('\n') },
);
const of = (subject: string, at = expires - 1) =>
  effectivePolicy(policy, { issuer: 'https://idp.example', subject, claims: { sub: subject } }, at);

test('lists are cut to a bounded length, and each one that is cut says how long it is', () => {
  const effective = of('me');
  assert.deepEqual(effective.shortened, {
    '/accounts': 150,
    '/cidrs': 1000,
    '/grants/0/accounts': 101,
    '/grants/0/cidrs': 1000,
    '/exceptions/0/allows/accounts': 150,
  });
  assert.equal(effective.accounts.length, 100);
  assert.ok(JSON.stringify(effective).length < 10_000);
});

test('only the caller’s own grants and exceptions are shown', () => {
  assert.deepEqual(
    of('me').grants?.map(({ id }) => id),
    ['mine'],
  );
  assert.deepEqual(
    of('other').grants?.map(({ id }) => id),
    ['theirs', 'mine'],
  );
  assert.doesNotMatch(JSON.stringify(of('me')), /theirs|delete/);
});

test('an exception is shown with its expiry in UTC until that moment, and not after', () => {
  const [exception, ...more] = of('me').exceptions;
  assert.equal(more.length, 0);
  assert.equal(exception?.expires, '2027-01-31T00:00:00.000Z');
  assert.deepEqual(exception?.allows.prefixLength, { min: 16, max: 29 });
  assert.equal(exception?.allows.secureConnection, 'optional');
  assert.equal(exception?.allows.cidrs, null);
  assert.deepEqual(of('me', expires).exceptions, []);
});

test('no value becomes markup in the Markdown', () => {
  const subject = 'x` **bold** <script> ``\n# heading';
  const text = effectiveMarkdown(of(subject));
  assert.ok(
    text.startsWith('# What ``` x` **bold** <script> `` # heading ``` may peer\n'),
    text.slice(0, 80),
  );
  assert.ok(text.includes('ticket `` CHG-1 | `a` ``'));
  assert.match(text, /and 50 more/);
  assert.match(text, /prefix length: 16 to 29/);
});

test('the Markdown says when there is nothing', () => {
  const bare = policyOf(
    '{version: 1, organization: a, mode: report, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8], forbiddenCidrs: []}}',
  );
  const caller = { issuer: 'i', subject: 's', claims: {} };
  const text = effectiveMarkdown(effectivePolicy(bare, caller, 0));
  assert.match(text, /blocks outside: none/);
  assert.match(text, /The policy has no grants: the scope of the token is enough\./);
  assert.match(text, /## Exceptions\n\nNone\./);
  assert.match(text, /Report mode/);
  const nobody = effectivePolicy(
    policyOf(
      '{version: 1, organization: a, guardrails: {accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8]}, grants: [{id: g, callers: [{claim: sub, equals: a}], actions: [create]}]}',
    ),
    caller,
    0,
  );
  assert.match(effectiveMarkdown(nobody), /None: every request is refused\./);
});

test('limits on the number of peerings are told, and left out when there are none', () => {
  const limited = policyOf(`version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8], maxPeerings: { perCluster: 40 } }
`);
  const caller = { issuer: 'https://idp.example', subject: 'me', claims: { sub: 'me' } };
  const effective = effectivePolicy(limited, caller, expires);
  assert.deepEqual(effective.maxPeerings, { perCluster: 40 });
  assert.match(effectiveMarkdown(effective), /^- live peerings of a cluster: at most 40$/m);
  assert.equal('maxPeerings' in of('me'), false);
  assert.doesNotMatch(effectiveMarkdown(of('me')), /live peerings/);
});
