// The end of `npm test` tells what was skipped and how to run it; Node's summary stays the last thing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { finish, root } from '../commands/run-main.ts';
import { endAtExit } from './child-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const reporter = '--test-reporter=./test/support/test-reporter.ts';

async function reportOn(text: string): Promise<string> {
  const file = join(temporaryFolder(), 'fixture.mts');
  writeFileSync(file, `import { test } from 'node:test';\n${text}`);
  const env = { PATH: process.env['PATH'] };
  const { out } = await finish(
    endAtExit(spawn(process.execPath, ['--test', reporter, file], { cwd: root, env })),
  );
  return out;
}

test('the report names each reason for skipped tests with their number, and the packages, before the summary', async () => {
  const out = await reportOn(`
    test('runs', () => {});
    for (const name of ['a', 'b']) test(name, { skip: 'redis-server is not installed' }, () => {});
    test('c', { skip: 'promtool is not installed' }, () => {});
    test('d', { skip: 'needs a Docker engine' }, () => {});`);
  const [, report = ''] = /(Skipped tests: .*)/s.exec(out) ?? [];
  assert.match(
    report,
    /^Skipped tests: 4\n {4}2 {2}redis-server is not installed\n {4}1 {2}promtool is not installed\n {4}1 {2}needs a Docker engine\nTo run them \(Debian\): apt-get install redis-server prometheus\nℹ tests 5\n(ℹ .*\n)+$/,
  );
});

test('without skipped tests the report is that of Node', async () => {
  const out = await reportOn(`test('runs', () => {});`);
  assert.match(out, /^✔ runs .*\nℹ tests 1\n(ℹ .*\n)+$/);
});

test('npm test uses the report', () => {
  assert.ok(packageJson.scripts.test.includes(` ${reporter} `));
});
