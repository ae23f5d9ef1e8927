// What a test starts ends with it, also when the test's own clean-up fails, and a test file that does not end fails.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { finish, type Run } from '../commands/run-main.ts';
import { endAtExit } from './child-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const support = fileURLToPath(new URL('.', import.meta.url));

/** Runs a test file with this content. It resolves when the process and every child that has its output are gone. */
function runFile(text: string, options: readonly string[] = [], limitMs = ''): Promise<Run> {
  const file = join(temporaryFolder(), 'fixture.mts');
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { endAtExit, endWithTest } from '${support}child-process.ts';
const startChild = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
${text}`,
  );
  const env = { PATH: process.env['PATH'], TEST_FILE_LIMIT_MS: limitMs };
  return finish(endAtExit(spawn(process.execPath, [...options, file], { env })));
}

test('a child ends with its test although another hook of that test fails before', async () => {
  const { status, out } = await runFile(`test('a failing hook', (t) => {
    t.after(() => { throw new Error('the hook fails'); });
    endWithTest(t, startChild());
  });`);
  assert.equal(status, 1);
  assert.match(out, /the hook fails/);
});

test('a child ends with the process of its test file', async () => {
  const { status, err } = await runFile('endAtExit(startChild()); process.exit(3);');
  assert.deepEqual([status, err], [3, '']);
});

test('a test file that does not end fails and names what keeps it alive', async () => {
  const limit = join(support, 'file-limit.ts');
  const left = `test('a server that is left open', () => void createServer().listen(0, '127.0.0.1'));`;
  const { status, out } = await runFile(left, ['--test', '--import', limit], '2000');
  assert.equal(status, 1);
  assert.match(out, /fixture\.mts did not end within 2000 ms; active resources: .*TCPServerWrap/);
});

test('npm test bounds every test file', () => {
  assert.match(packageJson.scripts.test, / --import \.\/test\/support\/file-limit\.ts /);
});

test('every child process that a test starts is ended at the latest with the process of its test file', () => {
  const folder = join(support, '..');
  const unbounded = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'support/child-process.test.ts')
    .filter((name) => {
      const calls = readFileSync(join(folder, name), 'utf8').split(/\bspawn\(/);
      return calls.slice(0, -1).some((before) => !/(?:endAtExit\(|endWithTest\(\s*\w+,)\s*$/.test(before));
    });
  assert.deepEqual(unbounded, []);
});
