// The policy file: strict, with the place of every fault, all at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePolicyFault } from '../../../src/policy/engine/policy-data.ts';
import { loadPolicy } from '../../../src/policy/store/load-policy.ts';
import { guardrailsOnly } from '../../support/gateway.ts';
import { readPolicyText } from '../../support/policy.ts';
import { versionOf } from '../../support/policy-version.ts';

const read = (text: string | Buffer) => readPolicyText(text);

function faultsOf(text: string): string[] {
  const result = read(text);
  return result.faults?.map(describePolicyFault) ?? [];
}

test('a policy in YAML and the same in JSON both load', () => {
  assert.deepEqual(faultsOf(guardrailsOnly), []);
  const guardrails = { accounts: ['111122223333'], regions: ['us-gov-west-1'], cidrs: ['10.0.0.0/8'] };
  assert.deepEqual(
    faultsOf(JSON.stringify({ version: 1, organization: 'acme', guardrails, mode: 'enforce' })),
    [],
  );
});

test('the version of a policy without lists is the SHA-256 of its length and its bytes', () => {
  const result = read(guardrailsOnly);
  assert.ok(result.faults === undefined);
  assert.equal(result.data.version, versionOf(guardrailsOnly));
});

test('every fault is reported at once, each with line, column and member', () => {
  const faults = faultsOf(`version: 1
organisation: acme
guardrails:
  accounts: [111122223333, "444455556666"]
  regions: []
  cidrs: [10.0.0.1/8, 10.1.0.0/33]
  prefixLength: { min: 20, max: 10 }
  nope: 1
`);
  assert.deepEqual(faults.sort(), [
    'p:1:1: /organization is required',
    'p:2:1: /organisation is not a member here',
    'p:4:14: /guardrails/accounts/0 must be a string of 12 digits, in quotes',
    'p:5:12: /guardrails/regions must not be empty: it would refuse every request',
    'p:6:11: /guardrails/cidrs/0 has host bits set: the /8 network here is 10.0.0.0/8',
    'p:6:23: /guardrails/cidrs/1 has a prefix length over 32: 33',
    'p:7:17: /guardrails/prefixLength min must not be greater than max: it would refuse every request',
    'p:8:3: /guardrails/nope is not a member here',
  ]);
});

const broken: readonly (readonly [string, string | Buffer])[] = [
  ['an empty file', ''],
  ['a list', '[]'],
  ['a member named twice', `${guardrailsOnly}\nversion: 1\n`],
  ['YAML that does not parse', 'version: [1'],
  ['two documents', `${guardrailsOnly}\n---\nversion: 1\n`],
  ['an unknown tag', 'version: !!js/function "x"'],
  ['invalid UTF-8', Buffer.from([0x76, 0xff, 0xfe])],
  ['aliases that stand for themselves', 'a: &a [*a]\n'],
  ['another version', guardrailsOnly.replace('version: 1', 'version: 2')],
];

for (const [what, text] of broken) {
  test(`${what} is refused`, () => {
    const result = read(text);
    assert.notEqual(result.faults?.length ?? 0, 0);
  });
}

test('a file that cannot be read is a fault, not an exception', () => {
  const loaded = loadPolicy('/nonexistent/policy.yaml', 0);
  assert.match(loaded.faults?.[0]?.message ?? '', /cannot be read \(ENOENT\)/);
});
