// The JSON Schema of policy tests for editors: it is the one that the code makes, it accepts what the loader accepts, and
// the guide says how an editor finds it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { policyTestsJsonSchema } from '../../../scripts/json-schemas.ts';
import { loadPolicyTests } from '../../../src/policy/language/policy-tests.ts';
import { fencedBlocks, readText, root } from '../../docs/documents.ts';
import type { JsonSchemaNode } from '../../support/json-schema-node.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const published = readText('openapi/policy-tests.schema.json');
const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
addFormats.default(ajv);
const schemaAccepts = ajv.compile(JSON.parse(published));

const files = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('tests.yaml'))
  .map((path) => `examples/${path}`);

function loaderAccepts(document: unknown): boolean {
  const folder = temporaryFolder();
  const file = join(folder, 'tests.json');
  writeFileSync(file, JSON.stringify(document));
  return loadPolicyTests(file).faults === undefined;
}

test('the published schema of tests is byte for byte the one that the code makes, and valid', () => {
  assert.equal(published, policyTestsJsonSchema());
  assert.equal(ajv.validateSchema(JSON.parse(published)), true, ajv.errorsText());
});

test('every member of a case has a description for whoever writes it in an editor', () => {
  const { tests } = JSON.parse(published).properties;
  assert.ok(tests.description);
  for (const [name, member] of Object.entries<JsonSchemaNode>(tests.items.properties))
    assert.ok(member.description, name);
});

for (const file of files) {
  test(`the schema of tests accepts ${file}`, () => {
    assert.equal(schemaAccepts(parse(readText(file))), true, ajv.errorsText(schemaAccepts.errors));
  });
}

const good = parse(readText('examples/smallest/tests.yaml')).tests[0];
for (const [what, document] of [
  ['no tests', {}],
  ['an empty list', { tests: [] }],
  ['an unknown member', { tests: [{ ...good, expected: 'allow' }] }],
  ['another verdict', { tests: [{ ...good, expect: 'refuse' }] }],
  ['an unknown code', { tests: [{ ...good, codes: ['cidr_wrong'] }] }],
  ['a time without its zone', { tests: [{ ...good, at: '2027-01-01T00:00:00' }] }],
  ['an unknown action', { tests: [{ ...good, request: { ...good.request, action: 'update' } }] }],
  ['an account as a number', { tests: [{ ...good, request: { ...good.request, accountId: 111122223333 } }] }],
  ['no claims', { tests: [{ ...good, claims: undefined }] }],
] as const) {
  test(`${what} is refused by the schema of tests and by the loader`, () => {
    const plain = JSON.parse(JSON.stringify(document));
    assert.equal(schemaAccepts(plain), false);
    assert.equal(loaderAccepts(plain), false);
    assert.equal(loaderAccepts({ tests: [good] }), true);
  });
}

test('the guide names every schema of a file that people write for VS Code and for Neovim, by files that exist', () => {
  const guide = readText('docs/editors.md');
  const named = (text: string) =>
    [...text.matchAll(/\/opt\/peergate\/([\w./-]+)/g)].map(([, path]) => path ?? '');
  const code = fencedBlocks(guide, 'json').filter((block) => block.includes('yaml.schemas'));
  const neovim = fencedBlocks(guide, 'lua');
  assert.deepEqual([code.length, neovim.length], [1, 1]);
  assert.doesNotThrow(() => JSON.parse(code[0] ?? ''));
  for (const block of [...code, ...neovim]) {
    for (const name of ['policy', 'policy-tests', 'issuers'])
      assert.ok(block.includes(`/openapi/${name}.schema.json`), name);
    for (const path of named(block)) assert.ok(existsSync(join(root, path)), path);
  }
});

test('a member $schema in a policy or its tests is refused, as the guide says', () => {
  assert.equal(loaderAccepts({ $schema: 'x', tests: [good] }), false);
  assert.equal(schemaAccepts({ $schema: 'x', tests: [good] }), false);
});
