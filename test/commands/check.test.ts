// What `check` prints when nothing is wrong: every setting with where it comes from, then the policy.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { settings } from '../../src/config/schema.ts';
import { fencedBlocks, readText } from '../docs/documents.ts';
import { environment, noTerminal, onTerminal, run } from './run-main.ts';

async function checked(more: Record<string, string> = {}): Promise<string> {
  const { status, out, err } = await run(['check'], { ...(await environment()), ...more });
  assert.deepEqual([status, err], [0, '']);
  return out;
}

/** The columns of a setting's line. */
const columnsOf = (out: string, name: string): string[] =>
  new RegExp(`^  ${name} +(\\S+) +(.*)$`, 'm').exec(out)?.slice(1) ?? [];

test('check shows every setting once, with its source and its value', async () => {
  const out = await checked({ LOG_LEVEL: 'warn' });
  const names = [...out.matchAll(/^ {2}([A-Z_]+) +(?:environment|file|default) +\S/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(names, Object.keys(settings));
  assert.deepEqual(columnsOf(out, 'LOG_LEVEL'), ['environment', 'warn']);
  assert.deepEqual(columnsOf(out, 'MAX_IN_FLIGHT'), ['default', '256']);
  assert.deepEqual(columnsOf(out, 'REDIS_URL'), ['default', 'not set']);
});

test('check shows the policy below the settings', async () => {
  const out = await checked();
  const policy = out.slice(out.indexOf('\nPolicy\n'));
  assert.match(policy, /^\nPolicy\n {2}organization {2}acme\n {2}mode {10}enforce\n/);
  assert.match(policy, /version {7}[0-9a-f]{64}\n$/);
  assert.ok(out.indexOf('LOG_LEVEL') < out.indexOf('\nPolicy\n'));
});

test('check names the file of a secret and prints no secret, wherever it comes from', async () => {
  const { AEROSPIKE_CLIENT_SECRET: _, ...rest } = await environment();
  const file = join(dirname(rest.POLICY_FILE), 'client-secret');
  await writeFile(file, 'hidden-in-a-file\n');
  const given = {
    ...rest,
    AEROSPIKE_CLIENT_SECRET_FILE: file,
    REDIS_URL: 'rediss://:hidden-password@redis.acme.example',
    AUTH_JWKS_URI: 'https://idp.acme.example/keys?key=hidden-key',
  };
  const { status, out, err } = await run(['check'], given);
  assert.deepEqual([status, err], [0, '']);
  assert.deepEqual(columnsOf(out, 'AEROSPIKE_CLIENT_SECRET'), ['file', file]);
  assert.deepEqual(columnsOf(out, 'AEROSPIKE_CLIENT_ID'), ['environment', 'set']);
  assert.doesNotMatch(out, /hidden|the-client-/);
});

test('a list that is too long goes on below, and no line is wider than 80 columns but for one word', async () => {
  const issuers = [1, 2, 3, 4].map((number) => `https://idp-${number}.acme.example`);
  const out = await checked({ AUTH_ISSUERS: issuers.join(',') });
  const [, first, second, rest] =
    /^( {2}AUTH_ISSUERS .*,)\n( +)(\S+)\n/m.exec(out) ?? assert.fail('not on several lines');
  assert.equal(second?.length, first?.lastIndexOf('https:'));
  assert.match(rest ?? '', /^https:\/\/idp-2/);
  for (const line of out.split('\n').filter((line) => line.length > 80)) {
    assert.match(line, /^ {2}[A-Z_]+ +[a-z]+ +[^ ,]+$/);
  }
});

test('control characters of a setting or the policy never reach the terminal', async () => {
  const bidi = String.fromCodePoint(0x202e);
  const out = await checked({ AUTH_AUDIENCE: `a${bidi}b` });
  assert.doesNotMatch(out, /\p{Cf}|\p{Cc}(?<!\n)/u);
  assert.deepEqual(columnsOf(out, 'AUTH_AUDIENCE'), ['environment', 'a�b']);
});

test("the guide's example is what check prints for its settings and policy", async () => {
  const readme = readText('docs/get-started.md');
  const { POLICY_FILE: file } = await environment(fencedBlocks(readme, 'yaml')[0]);
  const folder = dirname(file);
  const [making = ''] = fencedBlocks(readme, 'sh').filter((block) => block.startsWith('mkdir'));
  execFileSync('sh', ['-ec', making], { cwd: folder });
  const settings = [...readme.matchAll(/^export (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value]);
  const { out } = await run(['check'], Object.fromEntries(settings), folder);
  const example = fencedBlocks(readme, 'text').find((text) => text.startsWith('Settings and policy'));
  const printed = new Set(out.split('\n'));
  const others = example?.split('\n').filter((line) => line !== '…' && !printed.has(line));
  assert.deepEqual(others, []);
});

test("the guide's example of faults is what check prints for such mistakes", async () => {
  const guide = readText('docs/get-started.md');
  const [policy = ''] = fencedBlocks(guide, 'yaml');
  const wrong = policy.replace('"111122223333"', '111122223333').replace('10.0.0.0/8', '10.1.0.0/8');
  const { AUTH_ISSUERS, ...rest } = await environment(wrong);
  const given = {
    ...rest,
    PORT: '99999',
    AUTH_ISSUER: AUTH_ISSUERS ?? '',
    REDIS_URL: 'redis://redis.acme.example',
  };
  const folder = dirname(rest.POLICY_FILE);
  const { status, out, err } = await run(
    ['check'],
    { ...given, POLICY_FILE: basename(rest.POLICY_FILE) },
    folder,
  );
  assert.equal(status, 1);
  const example = fencedBlocks(guide, 'text').find((text) => text.startsWith('6 faults'));
  assert.equal(out + err, example);
});

test('on a terminal what is not the default stands out', { skip: noTerminal }, async () => {
  const given = { ...(await environment()), LOG_LEVEL: 'warn' };
  const { status, out } = await onTerminal(['src/main.ts', 'check'], given);
  assert.equal(status, 0);
  const colourOf = (name: string) =>
    out
      .split('\n')
      .find((line) => line.includes(name))
      ?.split(name)[0];
  assert.equal(colourOf('LOG_LEVEL'), '  \x1b[36m');
  assert.equal(colourOf('MAX_IN_FLIGHT'), '  \x1b[2m');
});

test('with NO_COLOR a terminal gets the text of a pipe, and an empty NO_COLOR counts for nothing', {
  skip: noTerminal,
}, async () => {
  const given = await environment();
  const check = ['src/main.ts', 'check'];
  const piped = (await run(['check'], given)).out;
  const plain = (await onTerminal(check, { ...given, NO_COLOR: '1' })).out;
  assert.equal(plain.replaceAll('\r\n', '\n'), piped);
  assert.ok(!piped.includes('\x1b'));
  assert.ok((await onTerminal(check, { ...given, NO_COLOR: '' })).out.includes('\x1b['));
});

test('every fault is reported at once, whatever else is wrong and whichever file cannot be read', async () => {
  const { POLICY_FILE: policyFile, ...rest } = await environment();
  const none = join(dirname(policyFile), 'none');
  const faulty = {
    ...rest,
    PORT: 'x',
    AUDIT_FILE: `${none}/audit.log`,
    AUDIT_SIGNING_KEY_FILE: none,
    TLS_CERT_FILE: none,
    TLS_KEY_FILE: none,
    TLS_CLIENT_CA_FILE: none,
    POLICY_TESTS_FILE: none,
  };
  const named = ['PORT', ...Object.keys(faulty).filter((name) => /^(AUDIT|TLS)_/.test(name))];
  for (const command of ['check', 'serve']) {
    const { status, out, err } = await run([command], faulty);
    assert.deepEqual([status, out], [1, '']);
    assert.match(err, /\b8 faults:\n/);
    for (const name of [...named, 'POLICY_FILE']) assert.match(err, new RegExp(`^  ${name}: found `, 'm'));
    assert.ok(err.includes(`${none}:1:1: cannot be read (ENOENT)`), err);
  }
});
