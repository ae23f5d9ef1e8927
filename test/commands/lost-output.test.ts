// Output that cannot be written makes a command fail; a reader that has had enough does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../src/commands/commands.ts';
import { endAtExit } from '../support/child-process.ts';
import { environment, finish, type Run, root } from './run-main.ts';

/** `$NODE` and `$MAIN` stand for the program. */
async function shell(script: string): Promise<Run> {
  const env = {
    ...(await environment()),
    NODE: process.execPath,
    MAIN: `${root}/src/main.ts`,
    PATH: '/usr/bin:/bin',
  };
  return await finish(
    endAtExit(spawn('sh', ['-c', script], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })),
  );
}

const skip = existsSync('/dev/full') ? false : 'needs /dev/full of Linux';
const isLost = /^The output could not be written: ENOSPC: [^\n]+\n$/;

test('a command whose output is lost ends with 1 and says so in one line', { skip }, async () => {
  const calls = ['check', '--version', ...commands.map(({ name }) => `${name} --help`)];
  const ran = await Promise.all(calls.map((call) => shell(`exec "$NODE" "$MAIN" ${call} >/dev/full`)));
  for (const [index, { status, out, err }] of ran.entries()) {
    assert.deepEqual([calls[index], status, out], [calls[index], 1, '']);
    assert.match(err, isLost);
  }
});

test('a command whose faults or warnings are lost does not end with 0', { skip }, async () => {
  const program = 'exec "$NODE" "$MAIN"';
  assert.equal((await shell(`NO_PROXY=10.0.0.0/8 ${program} check 2>/dev/full`)).status, 1);
  assert.equal((await shell(`${program} nonsense 2>/dev/full`)).status, 2);
});

test('a reader that has gone is no problem', async () => {
  const { err, out } = await shell('{ "$NODE" "$MAIN" --help; echo "$?" >&2; } | :');
  assert.deepEqual([out, err], ['', '0\n']);
});
