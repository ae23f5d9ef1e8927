// Output that cannot be written makes a command fail; a reader that has had enough does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands } from '../../src/commands/commands.ts';
import { endAtExit } from '../support/child-process.ts';
import { guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { environment, finish, type Run, root } from './run-main.ts';

/** `$NODE` and `$MAIN` stand for the program. */
async function shell(script: string, more: Record<string, string> = {}): Promise<Run> {
  const env = {
    ...(await environment()),
    ...more,
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

test('a command does not go on for a reader that has gone', async (t) => {
  const folder = temporaryFolder();
  const [LOG, POLICY] = [join(folder, 'audit.log'), join(folder, 'policy.yaml')];
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: LOG } });
  await gateway.create();
  writeFileSync(POLICY, guardrailsOnly.replace('us-east-1, eu-west-1', 'eu-west-1'));
  // A log without an end.
  const replay = '"$NODE" "$MAIN" policy replay "$POLICY" /dev/stdin';
  const { out, err } = await shell(`while cat "$LOG"; do :; done 2>/dev/null | ${replay} | head -n 1`, {
    LOG,
    POLICY,
  });
  assert.match(out, /allow → deny \(region_not_allowed\)\n$/);
  assert.equal(err, '');
});
