// Whoever reads the log knows which policy is in force: every attempt to reload leaves its line, changed or not, and report
// mode and expired exceptions are warnings.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { guardrailsOnly, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import type { LogLine } from '../../support/log-line.ts';
import { versionOf } from '../../support/policy-version.ts';

const stricter = guardrailsOnly.replace('us-east-1, ', '');
const reporting = `${guardrailsOnly}mode: report\n`;
const expired = `${guardrailsOnly}exceptions:
  - { id: old, callers: [{ claim: sub, equals: a }], allows: { regions: [us-west-1] }, expires: 2020-01-01T00:00:00Z }
`;

/**
 * The lines about the policy that one reload leaves, without their times. The watcher may read the changed file, too: what it
 * says again counts once, and that it found nothing new is no line of this reload's.
 */
async function reload(gateway: TestGateway, policy?: string): Promise<Omit<LogLine, 'time'>[]> {
  const before = gateway.logs.length;
  if (policy !== undefined) await writeFile(gateway.policyFile, policy);
  await gateway.reloadPolicy();
  const lines = gateway.logs.slice(before).filter(({ msg }) => msg.includes('policy'));
  const known = new Set<string>();
  const distinct = lines
    .map(({ time: _, ...line }) => line)
    .filter((line) => {
      const text = JSON.stringify(line);
      return !known.has(text) && known.add(text);
    });
  const changed = distinct.filter(({ msg }) => !afterwards.includes(msg));
  return policy === undefined || changed.length === 0 ? distinct : changed;
}

/** What a second reading of the same files says. */
const afterwards = ['policy unchanged', 'the policy file is still the rejected one'];

test('every reload leaves a line: unchanged, rejected, rejected still, restored, and loaded', async (t) => {
  const gateway = await startTestGateway(t);
  const [first, next] = [versionOf(guardrailsOnly), versionOf(stricter)];
  const unchanged = { level: 'info', version: first, mode: 'enforce', msg: 'policy unchanged' };
  assert.deepEqual(await reload(gateway), [unchanged]);
  assert.deepEqual(await reload(gateway), [unchanged]);

  const [rejected, ...none] = await reload(gateway, 'version: 2\n');
  assert.deepEqual(
    [rejected?.level, rejected?.msg, rejected?.old, none],
    ['error', 'policy rejected', first, []],
  );
  const [still] = await reload(gateway);
  assert.deepEqual([still?.level, still?.msg], ['warn', 'the policy file is still the rejected one']);

  const restored = { ...unchanged, msg: 'policy restored after a rejected one' };
  assert.deepEqual(await reload(gateway, guardrailsOnly), [restored]);
  assert.deepEqual(await reload(gateway), [unchanged]);

  const loaded = { level: 'info', old: first, new: next, mode: 'enforce', msg: 'policy loaded' };
  assert.deepEqual(await reload(gateway, stricter), [loaded]);
});

test('a reload in report mode is a warning, each time', async (t) => {
  const gateway = await startTestGateway(t);
  for (const policy of [reporting, undefined]) {
    const warnings = (await reload(gateway, policy)).filter(({ level }) => level === 'warn');
    assert.deepEqual(
      warnings.map(({ version, mode }) => [version, mode]),
      [[versionOf(reporting), 'report']],
    );
    assert.match(String(warnings[0]?.msg), /^the policy is in report mode/);
  }
  assert.deepEqual(
    (await reload(gateway, guardrailsOnly)).map(({ level }) => level),
    ['info'],
  );
});

test('a reload with an exception that has expired is a warning that says where it stands', async (t) => {
  const gateway = await startTestGateway(t);
  const [loaded, warning] = await reload(gateway, expired);
  assert.equal(loaded?.msg, 'policy loaded');
  assert.equal(warning?.level, 'warn');
  assert.match(warning?.warning, /policy\.yaml:11:\d+: \/exceptions\/0\/expires is in the past/);
});

test('a policy with very many warnings names twenty and how many there are', async (t) => {
  const gateway = await startTestGateway(t);
  const [, line = ''] = /exceptions:\n(.*\n)/.exec(expired) ?? [];
  const many = Array.from({ length: 30 }, (_, index) => line.replace('old', `old-${index}`)).join('');
  const lines = await reload(gateway, expired.replace(line, many));
  assert.equal(lines.filter(({ msg }) => msg === 'warning about the policy').length, 20);
  assert.equal(lines.at(-1)?.count, 30);
});
