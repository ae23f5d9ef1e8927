// SIGUSR2 makes the gateway, as a process, go on in the file that is at its path now, and never ends it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { guardrailsOnly } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startUnconnected } from '../../support/unconnected-process.ts';
import { until } from '../../support/until.ts';
import { assertVerified, codesIn } from './audit-file.ts';

async function serve(t: TestContext, toFile: boolean) {
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  const path = join(folder, 'audit.log');
  await writeFile(policyFile, guardrailsOnly);
  const { child, lines, ended } = startUnconnected(t, policyFile, toFile ? { AUDIT_FILE: path } : {});
  const logged = (message: string) => until(message, () => lines.some(({ msg }) => msg === message), 30_000);
  await logged('listening');
  return { path, policyFile, child, ended, lines, logged };
}

test('SIGUSR2 goes on in a new file at once, when nothing is to be recorded too, and the chain runs on there', async (t) => {
  const { path, policyFile, child, ended, lines, logged } = await serve(t, true);
  await rename(path, `${path}.1`);
  child.kill('SIGUSR2');
  await until('there is a new file', () => existsSync(path));
  await logged('the audit log continues in another file');
  assert.deepEqual(await codesIn(path), []);
  await writeFile(policyFile, guardrailsOnly.replace('us-east-1, ', ''));
  child.kill('SIGHUP');
  await until('it is recorded', async () => (await codesIn(path)).length > 0);
  // Where nothing was renamed it changes nothing.
  child.kill('SIGUSR2');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(await codesIn(`${path}.1`), ['policy.loaded']);
  assert.deepEqual(await codesIn(path), ['policy.loaded']);
  await assertVerified([`${path}.1`, path]);
  assert.deepEqual(
    lines.filter(({ metadata }) => metadata !== undefined),
    [],
    'no record goes to standard output',
  );
});

test('SIGUSR2 does not end a gateway whose records go to standard output', async (t) => {
  const { path, child, ended, lines } = await serve(t, false);
  child.kill('SIGUSR2');
  child.kill('SIGUSR2');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.ok(lines.some(({ msg }) => msg === 'stopped'));
  assert.equal(existsSync(path), false);
});
