// What a contributor is told works: the hook refuses what CI would refuse, editors and containers are set as the checks
// expect, and the forms of issues are forms.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import biome from '../../biome.json' with { type: 'json' };
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fencedBlocks, readText, root } from './documents.ts';

const guide = readText('CONTRIBUTING.md');

/** Runs the hook in a repository of its own, with this file staged. */
function commit(text: string) {
  const folder = temporaryFolder();
  for (const name of ['package.json', 'biome.json', 'tsconfig.json', '.gitignore', 'scripts/git-hooks'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/answer.ts'), text);
  const [optIn = ''] = fencedBlocks(guide, 'sh').filter((block) => block.startsWith('git config'));
  const identity = '-c user.name=test -c user.email=test@example.invalid -c commit.gpgsign=false';
  // Nothing of the developer's own repository or settings reaches this one.
  const { PATH, HOME } = process.env;
  return spawnSync('sh', ['-ec', `git init -q\n${optIn}\ngit add src\ngit ${identity} commit -q -m test`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH, HOME, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
}

test('the hook lets a clean commit pass', () => {
  const { status, stderr } = commit('export const answer = 42;\n');
  assert.equal(status, 0, stderr);
});

test('the hook refuses a commit that the linter or the compiler refuses', () => {
  const unused = commit('const answer = 42;\nexport const other = 1;\n');
  assert.match(unused.stderr + unused.stdout, /noUnusedVariables/);
  assert.notEqual(unused.status, 0);
  const mistyped = commit("export const answer: number = '42';\n");
  assert.match(mistyped.stderr + mistyped.stdout, /TS2322/);
  assert.notEqual(mistyped.status, 0);
});

test('the test that the guide runs exists', () => {
  const [, path = ''] = /node --test (test\/\S+\.test\.ts)/.exec(guide) ?? [];
  assert.ok(existsSync(join(root, path)), path);
});

test('editors indent and break lines as the formatter does', () => {
  const lines = readText('.editorconfig').split('\n');
  const { indentStyle, indentWidth, lineWidth } = biome.formatter;
  assert.ok(lines.includes(`indent_style = ${indentStyle}`));
  assert.ok(lines.includes(`indent_size = ${indentWidth}`));
  assert.ok(lines.includes(`max_line_length = ${lineWidth}`));
});

test('the development container is that of CI, with the tools that .ci/run installs', () => {
  const { image, postCreateCommand } = JSON.parse(readText('.devcontainer/devcontainer.json'));
  assert.equal(image, parse(readText('.github/workflows/ci.yml')).jobs.checks.container);
  assert.equal(postCreateCommand, 'bash .ci/run tools && npm ci');
  assert.ok(guide.includes('`bash .ci/run tools`'));
});

test('".ci/run tools" installs what is missing and ends before the checks', () => {
  const run = readText('.ci/run');
  const end = run.indexOf('!= tools ]] || exit 0');
  assert.ok(end > run.indexOf('apt-get install') && end < run.indexOf('\nnpm ci\n'));
});

/** What is read of a form, by GitHub's syntax for issue forms. */
interface IssueForm {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly id?: string;
    readonly type: string;
    readonly attributes: { readonly value?: string; readonly label?: string };
  }[];
}

const folder = '.github/ISSUE_TEMPLATE';
const forms = readdirSync(join(root, folder)).filter((name) => name !== 'config.yml');

for (const name of forms) {
  test(`the form of issues ${name} has what GitHub requires, and asks for no secret`, () => {
    const form: IssueForm = parse(readText(`${folder}/${name}`));
    for (const member of ['name', 'description'] as const)
      assert.equal(typeof form[member], 'string', member);
    const fields = form.body;
    const ids = fields.flatMap(({ id }) => id ?? []);
    assert.deepEqual([...new Set(ids)], ids);
    for (const { type, attributes } of fields) {
      if (type === 'markdown') assert.equal(typeof attributes.value, 'string');
      else assert.equal(typeof attributes.label, 'string');
      assert.ok(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes'].includes(type), type);
    }
  });
}

test('whoever reports a bug is told first how a vulnerability is reported', () => {
  const [first] = parse(readText(`${folder}/bug.yml`)).body;
  assert.match(first.attributes.value, /vulnerability\? Do not write it here: SECURITY\.md/);
  assert.equal(parse(readText(`${folder}/config.yml`)).blank_issues_enabled, false);
});
