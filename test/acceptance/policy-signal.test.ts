// The gateway as a process says which policy it starts with; SIGHUP makes it read the policy again, and does not end it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { guardrailsOnly } from '../support/gateway.ts';
import type { OutputLine } from '../support/log-line.ts';
import { until } from '../support/policy-files.ts';
import { versionOf } from '../support/policy-version.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startUnconnected } from '../support/unconnected-process.ts';

async function serve(t: TestContext, policy = guardrailsOnly) {
  const policyFile = join(temporaryFolder(), 'policy.yaml');
  await writeFile(policyFile, policy);
  const { child, lines, ended } = startUnconnected(t, policyFile);
  const line = (what: string, fits: (entry: OutputLine) => boolean): Promise<OutputLine> =>
    until(what, () => lines.find(fits));
  return { policyFile, child, lines, line, ended };
}

test('SIGHUP reads the policy again, a bad one and a good one, and the process goes on until SIGTERM', async (t) => {
  const { policyFile, child, line, ended } = await serve(t);
  const first = await line('it listens', ({ msg }) => msg === 'listening');
  assert.ok(first.port > 0);
  await writeFile(policyFile, 'version: 2\n');
  const rejected = await line('it is rejected', ({ metadata }) => metadata?.event_code === 'policy.rejected');
  // Nothing has changed since, so that nothing but the signal can be the reason for what follows.
  child.kill('SIGHUP');
  const again = await line(
    'it is read again',
    ({ msg }) => msg === 'the policy file is still the rejected one',
  );
  assert.deepEqual([again.old, again.new], [rejected.unmapped.policy.old, rejected.unmapped.policy.new]);
  await writeFile(policyFile, guardrailsOnly.replace('us-east-1, ', ''));
  child.kill('SIGHUP');
  const loaded = await line(
    'it is loaded',
    ({ unmapped }) => unmapped?.policy?.old === again.old && unmapped.policy.faultCount === undefined,
  );
  assert.equal(loaded.metadata.event_code, 'policy.loaded');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('the line that it listens has the version and the mode of the policy', async (t) => {
  const { line, lines } = await serve(t);
  const { policyVersion, mode } = await line('it listens', ({ msg }) => msg === 'listening');
  assert.deepEqual([policyVersion, mode], [versionOf(guardrailsOnly), 'enforce']);
  assert.deepEqual(
    lines.filter(({ level, msg }) => level === 'warn' && msg.includes('policy')),
    [],
  );
});

test('a start in report mode and with an expired exception is no silent one', async (t) => {
  const policy = `${guardrailsOnly}mode: report
exceptions:
  - { id: old, callers: [{ claim: sub, equals: a }], allows: { regions: [us-west-1] }, expires: 2020-01-01T00:00:00Z }
`;
  const { line, lines } = await serve(t, policy);
  const { policyVersion, mode } = await line('it listens', ({ msg }) => msg === 'listening');
  assert.deepEqual([policyVersion, mode], [versionOf(policy), 'report']);
  const warnings = lines.filter(({ level, msg }) => level === 'warn' && msg.includes('policy'));
  assert.match(String(warnings[0]?.msg), /^the policy is in report mode/);
  assert.match(String(warnings[1]?.warning), /is in the past/);
});

test('SIGHUP with an unchanged policy says so', async (t) => {
  const { child, line } = await serve(t);
  await line('it listens', ({ msg }) => msg === 'listening');
  child.kill('SIGHUP');
  const unchanged = await line('it is unchanged', ({ msg }) => msg === 'policy unchanged');
  assert.equal(unchanged.version, versionOf(guardrailsOnly));
});
