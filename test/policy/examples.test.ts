// The example policies: each loads clean and passes its own tests, and those tests notice when any one value of the policy
// changes, so that nobody learns from tests that test nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compilePolicy, type Policy } from '../../src/policy/engine/compile.ts';
import { describePolicyFault, type ReadPolicy } from '../../src/policy/engine/policy-data.ts';
import { contentOf } from '../../src/policy/language/content-of.ts';
import { parsePolicy } from '../../src/policy/language/parse-policy.ts';
import { loadPolicyTests, type PolicyTest } from '../../src/policy/language/policy-tests.ts';
import { describeTestFailure, runPolicyTests } from '../../src/policy/language/run-tests.ts';
import { loadPolicy } from '../../src/policy/store/load-policy.ts';
import { policyMutants } from '../support/policy-mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Examples of clients, in test/examples. */
const clients = ['bruno', 'terraform', 'typescript'];
const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !clients.includes(entry.name))
  .map(({ name }) => name);
const now = Date.now();

const policyFileOf = (name: string) => join(root, 'examples', name, 'policy.yaml');
const testsFileOf = (name: string) => join(root, 'examples', name, 'tests.yaml');

function compiled(read: ReadPolicy): Policy {
  assert.ok(read.faults === undefined, read.faults?.map(describePolicyFault).join('\n'));
  return compilePolicy(read.data);
}

function casesOf(name: string): readonly PolicyTest[] {
  const tests = loadPolicyTests(testsFileOf(name));
  assert.ok(tests.faults === undefined, tests.faults?.map(describePolicyFault).join('\n'));
  return tests.cases;
}

test('there are the three examples of policies that the documentation names', () => {
  assert.deepEqual(examples.sort(), ['several-teams', 'smallest', 'with-exceptions']);
});

for (const name of examples) {
  const policyFile = policyFileOf(name);

  test(`${name} loads without a fault and without a warning`, () => {
    const read = loadPolicy(policyFile, now);
    assert.deepEqual(read.faults?.map(describePolicyFault), undefined);
    assert.deepEqual('warnings' in read && read.warnings, []);
  });

  test(`${name} passes its own tests, which allow and deny and name the codes of every denial`, () => {
    const cases = casesOf(name);
    const results = runPolicyTests(compiled(loadPolicy(policyFile, now)), cases, now);
    assert.deepEqual(results.filter(({ passed }) => !passed).map(describeTestFailure), []);
    assert.deepEqual([...new Set(cases.map(({ expect }) => expect))].sort(), ['allow', 'deny']);
    for (const { name: title, expect, codes } of cases)
      if (expect === 'deny') assert.notEqual(codes?.length ?? 0, 0, title);
    assert.equal(new Set(cases.map(({ name: title }) => title)).size, cases.length);
  });

  test(`no value of ${name} can change without one of its tests failing`, () => {
    const cases = casesOf(name);
    const folder = dirname(policyFile);
    const mutants = policyMutants(readFileSync(policyFile, 'utf8'), folder, cases);
    const unnoticed = mutants.filter(({ what, document }) => {
      const bytes = Buffer.from(JSON.stringify(document));
      const readList = (list: string) => contentOf(join(folder, list));
      const mutant = compiled(parsePolicy({ path: what, bytes, readList }, now));
      return runPolicyTests(mutant, cases, now).every(({ passed }) => passed);
    });
    assert.deepEqual(
      unnoticed.map(({ what }) => what),
      [],
    );
    assert.ok(mutants.length >= 13, `only ${mutants.length} changes were tried`);
  });

  test(`${name} and its tests name their schemas for editors in the first line`, () => {
    for (const [file, schema] of [
      ['policy.yaml', 'policy.schema.json'],
      ['tests.yaml', 'policy-tests.schema.json'],
    ] as const) {
      const [first = ''] = readFileSync(join(dirname(policyFile), file), 'utf8').split('\n');
      const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
      assert.equal(resolve(dirname(policyFile), path), join(root, 'openapi', schema));
    }
  });
}

test('an example passes the command `policy test` as it stands in the documentation', async () => {
  const args = ['src/main.ts', 'policy', 'test', 'examples/several-teams/policy.yaml'];
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [...args, 'examples/several-teams/tests.yaml'],
    { cwd: root, env: {} },
  );
  assert.equal(stderr, '');
  const cases = casesOf('several-teams');
  assert.equal(
    stdout,
    [...cases.map(({ name }) => `✓ ${name}`), '', `${cases.length} passed, 0 failed`, ''].join('\n'),
  );
});
