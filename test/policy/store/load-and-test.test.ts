// The gate that a policy passes at the start, in `check` and at a reload: every fault of policy and tests at once, and
// nothing that is refused only since a date has passed.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { describePolicyFault } from '../../../src/policy/engine/policy-data.ts';
import { loadAndTest } from '../../../src/policy/store/load-and-test.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const policyWith = (exceptions: string) => `version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [us-east-1], cidrs: [10.0.0.0/8] }
exceptions:
${exceptions}`;
const exception = (id: string, region: string, expires: string) =>
  `  - { id: ${id}, callers: [{ claim: sub, equals: a }], allows: { regions: [${region}] }, expires: ${expires} }\n`;
const first = exception('first', 'eu-west-1', '2026-09-30T00:00:00Z');
const second = exception('second', 'eu-north-1', '2026-10-31T00:00:00Z');
const now = Date.parse('2026-11-01T00:00:00Z');

const testCase = (name: string, region: string, rest: string): string =>
  `  - { name: ${name}, claims: { sub: a }, request: ${JSON.stringify({ action: 'create', clusterId, ...allowed, region })}, ${rest} }\n`;

async function load(policy: string, tests: string) {
  const folder = temporaryFolder();
  const [policyFile, testsFile] = [join(folder, 'policy.yaml'), join(folder, 'tests.yaml')];
  await writeFile(policyFile, policy);
  await writeFile(testsFile, tests);
  const read = loadAndTest({ policyFile, testsFile, settings: {}, now });
  const told = (read.faults ?? read.warnings).map((fault) => describePolicyFault({ ...fault, file: '' }));
  return { good: read.faults === undefined, told };
}

test('a case without a time that passed until an exception expired is a warning, and the policy is good', async () => {
  const cases = [
    testCase('one', 'eu-west-1', 'expect: allow'),
    testCase('two', 'eu-north-1', 'expect: allow, codes: []'),
    testCase('three', 'us-east-1', 'expect: allow'),
  ];
  const { good, told } = await load(policyWith(`${first}${second}`), `tests:\n${cases.join('')}`);
  assert.equal(good, true);
  assert.deepEqual(
    told.filter((warning) => warning.includes('the test')),
    [
      ':2:5: the test "one" expects allow, the policy says deny with region_not_allowed; it needs an exception that has expired: give the test a time with at',
      ':3:5: the test "two" expects allow with no codes, the policy says deny with region_not_allowed; it needs an exception that has expired: give the test a time with at',
    ],
  );
});

const refused: Readonly<Record<string, string>> = {
  'that has a time of its own': testCase('x', 'eu-west-1', 'expect: allow, at: 2026-12-01T00:00:00Z'),
  'that no exception ever helped': testCase('x', 'ap-south-1', 'expect: allow'),
  'that expects a denial': testCase('x', 'us-east-1', 'expect: deny'),
  'that expects another reason': testCase('x', 'eu-west-1', 'expect: deny, codes: [prefix_length]'),
};

for (const [which, text] of Object.entries(refused)) {
  test(`a failing case ${which} is a fault, expired exceptions or not`, async () => {
    const excused = testCase('y', 'eu-west-1', 'expect: allow');
    const { good, told } = await load(policyWith(`${first}${second}`), `tests:\n${text}${excused}`);
    assert.equal(good, false);
    assert.match(told.join('\n'), /^:2:5: the test "x" expects [^\n]*$/);
  });
}

test('faults of the policy and of its tests are reported at once', async () => {
  const policy = policyWith(first.replace('eu-west-1', 'mars'));
  const { good, told } = await load(policy, 'tests: []\n');
  assert.equal(good, false);
  assert.deepEqual(
    told.map((fault) => fault.split(' ')[1]),
    ['/exceptions/0/allows/regions/0', '/tests'],
  );
});
