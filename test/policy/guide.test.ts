// The guide docs/policy.md says what the program does: its commands answer as shown, its policies load, its faults are the
// real ones, and no member and no code is missing from it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { violationCodes } from '../../src/policy/engine/decision.ts';
import { describePolicyFault } from '../../src/policy/engine/policy-data.ts';
import { loadPolicyTests } from '../../src/policy/language/policy-tests.ts';
import type { JsonSchemaNode } from '../support/json-schema-node.ts';
import { readPolicyText } from '../support/policy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(join(root, 'docs', 'policy.md'), 'utf8');

/** The blocks of one language, without their fences. */
const blocks = (language: string): string[] =>
  [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, info]) => info === language)
    .map(([, , text = '']) => text);

const policies = blocks('yaml').filter((text) => !text.startsWith('tests:'));
const smallest = policies[0] ?? '';

test('the guide begins with a policy and shows grants and exceptions', () => {
  assert.match(smallest, /^version: 1$/m);
  assert.equal(policies.length, 5);
});

for (const [index, text] of policies.entries()) {
  test(`the policy in block ${index + 1} of the guide loads without a warning`, () => {
    const read = readPolicyText(index === 0 ? text : `${smallest}${text}`);
    assert.deepEqual(read.faults?.map(describePolicyFault), undefined);
    assert.deepEqual('warnings' in read && read.warnings, []);
  });
}

test('the test case in the guide is one', async () => {
  const [text = ''] = blocks('yaml').filter((block) => block.startsWith('tests:'));
  const folder = temporaryFolder();
  await writeFile(join(folder, 'tests.yaml'), text);
  assert.deepEqual(loadPolicyTests(join(folder, 'tests.yaml')).faults, undefined);
});

const shown = blocks('console').map((text) => {
  const [, command = '', output = ''] = /^\$ (.*?[^\\])\n(.*)$/s.exec(text) ?? [];
  return { args: command.split(/[\s\\]+/), output };
});

test('the guide shows the commands at work', () => {
  assert.deepEqual(
    shown.map(({ args }) => args.slice(0, 3).join(' ')),
    ['bin/peergate policy test', 'bin/peergate policy explain'],
  );
});

for (const { args, output } of shown) {
  test(`${args.join(' ')} answers as the guide shows`, () => {
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env: {}, encoding: 'utf8' });
    assert.equal(stderr, '');
    // A line of … stands for any lines.
    const parts = output.split(/^…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    assert.match(stdout, new RegExp(`^${parts.join('(?:.*\\n)*?')}$`));
  });
}

test('a case that fails says what the guide shows', async () => {
  const folder = temporaryFolder();
  const stricter = `${readFileSync(join(root, 'examples/smallest/policy.yaml'), 'utf8')}  prefixLength: { min: 16, max: 26 }\n`;
  await writeFile(join(folder, 'policy.yaml'), stricter);
  const args = [
    'bin/peergate',
    'policy',
    'test',
    join(folder, 'policy.yaml'),
    'examples/smallest/tests.yaml',
  ];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, env: {}, encoding: 'utf8' });
  const [failure = ''] = blocks('text').filter((text) => text.startsWith('✗ a /28'));
  assert.ok(stdout.includes(failure), stdout);
});

function loadVersion(name: string): string {
  const file = join(root, 'examples', name, 'policy.yaml');
  const list = name === 'several-teams' ? readFileSync(join(file, '..', 'company-networks.txt'), 'utf8') : '';
  const read = readPolicyText(readFileSync(file), { 'company-networks.txt': list });
  assert.ok(read.faults === undefined);
  return read.data.version;
}

test('the versions of policies in the guide are those of the examples', () => {
  assert.ok(guide.includes(loadVersion('several-teams')));
  assert.ok(guide.includes(`"policyVersion":"${loadVersion('with-exceptions')}"`));
});

test('the shell command in the guide works out the version of a policy with a list', () => {
  const [script = ''] = blocks('sh');
  const folder = join(root, 'examples', 'several-teams');
  const { stdout } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  assert.equal(stdout, `${loadVersion('several-teams')}  -\n`);
});

const broken = `version: 1
organization: acme
guardrails:
  accounts: [111122223333]
  regions: [us-east1]
  cidrs: [10.20.4.0/16]
  prefixLenght: { min: 16, max: 24 }
grants:
  - id: payments
    callers: [{ claim: sub, equals: "svc-*-payments" }]
    actions: [create, update]
  - id: payments
    callers: [{ claim: groups, contains: "net*" }]
    cidrs: { file: payments.txt }
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { regions: [eu-west-1] }
    expires: 2026-01-31T00:00:00Z
`;

test('the faults in the guide are those that such mistakes give', () => {
  const faults = readPolicyText(broken).faults ?? [];
  const lines = faults.map((fault) => `  ${describePolicyFault({ ...fault, file: 'policy.yaml' })}\n`);
  const [, listed = ''] = /^```text\n\d+ faults:\n(.*?)^```$/ms.exec(guide) ?? [];
  assert.deepEqual(listed.split(/(?<=\n)/).sort(), lines.sort());
});

test('the guide names every member of a policy and every code of a violation', () => {
  const members = new Set<string>(violationCodes);
  const visit = (node: JsonSchemaNode): void => {
    for (const [name, member] of Object.entries<JsonSchemaNode>(node.properties ?? {})) {
      members.add(name);
      visit(member);
    }
    for (const inner of [node.items, ...(node.anyOf ?? [])]) if (inner !== undefined) visit(inner);
  };
  visit(JSON.parse(readFileSync(join(root, 'openapi', 'policy.schema.json'), 'utf8')));
  const missing = [...members].filter((name) => !new RegExp(`(?<!\\w)${name}(?!\\w)`).test(guide));
  assert.deepEqual(missing, []);
});
