// The documents are held against the code: what they list is what there is, what they name exists, and their examples
// are accepted.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { errorsPage } from '../../scripts/errors-page.ts';
import { settingsPage } from '../../scripts/settings-page.ts';
import { describeFault, loadConfig } from '../../src/config/load.ts';
import { describePolicyFault } from '../../src/policy/engine/policy-data.ts';
import { assertAuditRecord, auditSchema } from '../support/audit-schema.ts';
import { readPolicyText } from '../support/policy.ts';
import {
  anchorsOf,
  codeSpans,
  documents,
  fencedBlocks,
  readText,
  relativeLinks,
  root,
  tableRows,
} from './documents.ts';

const getStarted = readText('docs/get-started.md');
const auditRecords = readText('docs/audit-records.md');

test('the page of settings is what the schema of the settings makes', () => {
  assert.equal(readText('docs/settings.md'), settingsPage());
});

test('the page of errors is what the table of errors and its advice make', () => {
  assert.equal(readText('docs/errors.md'), errorsPage());
});

test('the table of commands has every command that the program has, and no other', () => {
  const program = 'bin/peergate';
  const documented = tableRows(readText('docs/running.md'), 'command')
    .flatMap(([command = '']) => codeSpans(command))
    .filter((span) => span.startsWith(program))
    // The name, without arguments and options.
    .map((span) => /^( [a-z]+)+/.exec(span.slice(program.length))?.[0].trim());
  const help = execFileSync(process.execPath, [`${root}src/main.ts`, '--help'], { encoding: 'utf8' });
  const list = help.slice(help.indexOf('\nCommands\n'), help.indexOf('\nOptions\n'));
  const actual = [...list.matchAll(/^ {2}(\S+(?: \S+)*) {2,}/gm)].map(([, name]) => name);
  assert.deepEqual(documented.sort(), actual.sort());
});

test('the table of audit events has every event of the schema, and no other', () => {
  const documented = tableRows(auditRecords, 'event').flatMap(([events = '']) => codeSpans(events));
  const schema = auditSchema as {
    readonly properties: {
      readonly metadata: {
        readonly properties: { readonly event_code: { readonly enum: readonly string[] } };
      };
    };
  };
  const codes = schema.properties.metadata.properties.event_code.enum;
  assert.deepEqual(documented.sort(), [...codes].sort());
});

for (const path of ['README.md', 'docs/get-started.md'])
  test(`the example of a policy in ${path} is one that loads`, () => {
    const [policy, ...others] = fencedBlocks(readText(path), 'yaml');
    assert.equal(others.length, 0);
    const read = readPolicyText(policy ?? '');
    assert.deepEqual((read.faults ?? read.warnings).map(describePolicyFault), []);
  });

test('the settings of the example are enough, and have no fault', () => {
  const exports = [...getStarted.matchAll(/^export (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value]);
  assert.ok(exports.length > 0);
  const named = Object.fromEntries(exports) as Record<string, string>;
  // The files of the example do not exist here; their content stands in for them.
  for (const name of ['AEROSPIKE_CLIENT_ID', 'AEROSPIKE_CLIENT_SECRET']) {
    assert.ok(named[`${name}_FILE`]);
    delete named[`${name}_FILE`];
    named[name] = 'a-credential';
  }
  const loaded = loadConfig(named);
  assert.deepEqual('faults' in loaded ? loaded.faults.map(describeFault) : [], []);
});

test('every JSON example is JSON', () => {
  const examples = ['docs/running.md', 'docs/audit-records.md'].flatMap((path) =>
    fencedBlocks(readText(path), 'json'),
  );
  assert.ok(examples.length > 1);
  for (const example of examples) assert.doesNotThrow(() => JSON.parse(example), example);
});

test('the example of an audit record is one by the schema', () => {
  const examples = fencedBlocks(auditRecords, 'json').map((example) => JSON.parse(example));
  const records = examples.filter((example) => example.class_uid === 6003);
  assert.equal(records.length, 1);
  for (const record of records) assertAuditRecord(record);
});

test('every dependency has its line in the decision about them, and nothing else has one', () => {
  const lines = tableRows(readText('docs/adr/0001-dependencies.md'), 'package');
  const documented = lines.map(([name, kind]) => `${name} ${kind}`);
  const actual = [
    ...Object.keys(packageJson.dependencies).map((name) => `\`${name}\` R`),
    ...Object.keys(packageJson.devDependencies).map((name) => `\`${name}\` D`),
  ];
  assert.deepEqual(documented.sort(), actual.sort());
  for (const [name, , reason] of lines) assert.ok(reason, `a reason for ${name}`);
});

for (const path of documents) {
  const text = readText(path);

  test(`every relative link of ${path} leads somewhere`, () => {
    for (const link of relativeLinks(text)) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      assert.ok(existsSync(join(root, target)), link);
      if (anchor !== undefined) assert.ok(anchorsOf(readText(target)).includes(anchor), link);
    }
  });

  test(`every file of the repository that ${path} names exists`, () => {
    const ours = /^(?:\.ci|bench|docs|examples|openapi|sandbox|scripts|src|test)\/[\w./-]*$/;
    for (const name of codeSpans(text).filter((span) => ours.test(span))) {
      assert.ok(existsSync(join(root, name)), name);
    }
  });

  test(`every npm command of ${path} exists`, () => {
    const scripts: Record<string, string> = packageJson.scripts;
    for (const [command, name] of text.matchAll(/\bnpm (?:run ([\w:-]+)|start|test)\b/g)) {
      const script = name ?? command.slice('npm '.length);
      assert.ok(Object.hasOwn(scripts, script), command);
    }
  });

  test(`no line of ${path} names a path of somebody's machine`, () => {
    const personal = /(?:file:\/\/|(?<![\w.~$}-])\/(?:home|root|tmp|Users|work|var\/folders)\/)/;
    const own = [root, homedir(), tmpdir()].filter((folder) => folder.length > 1);
    for (const line of text.split('\n')) {
      assert.doesNotMatch(line, personal);
      for (const folder of own) assert.ok(!line.includes(folder), line);
    }
  });
}
