// An audit file that can never be, or a key that cannot sign, is a fault of the settings: `check` lists it and `serve`
// does not start.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { commands } from '../../../src/commands/commands.ts';
import { runCommand } from '../../../src/commands/run-command.ts';
import { guardrailsOnly } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function settings() {
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const run = async (command: 'check' | 'serve', more: Record<string, string>) => {
    let err = '';
    const status = await runCommand(commands, [command], {
      environment: {
        HOST: '127.0.0.1',
        AUTH_ISSUERS: 'http://127.0.0.1:9',
        AUTH_AUDIENCE: 'x',
        AEROSPIKE_CLIENT_ID: 'id',
        AEROSPIKE_CLIENT_SECRET: 'secret',
        POLICY_FILE: policyFile,
        ...more,
      },
      now: Date.parse('2026-11-01T00:00:00Z'),
      version: '0.0.0-test',
      stdout: () => undefined,
      stderr: (text) => {
        err += text;
      },
      colours: false,
      isInteractive: false,
      stopRequested: () => new Promise(() => undefined),
      stopRequestedAgain: () => new Promise(() => undefined),
      onReload: () => undefined,
      onReopen: () => undefined,
    });
    return { status, err };
  };
  return {
    folder,
    run,
    /** These faults and no others, by both commands. */
    async assertFaults(more: Record<string, string>, faults: readonly string[]) {
      for (const command of ['check', 'serve'] as const) {
        const { status, err } = await run(command, more);
        assert.equal(status, 1);
        assert.deepEqual(
          err
            .trimEnd()
            .split('\n')
            .slice(1)
            .map((line) => line.trim()),
          faults,
        );
      }
    },
  };
}

const noFile = (path: string): string =>
  `AUDIT_FILE: found ${JSON.stringify(path)}, which is no regular file; expected a file, or a place for one`;
const noFolder = (path: string): string =>
  `AUDIT_FILE: found ${JSON.stringify(path)}, whose folder does not exist; expected a folder that exists`;
const noKey = (path: string, what: string): string =>
  `AUDIT_SIGNING_KEY_FILE: found ${what} at ${JSON.stringify(path)}; expected a file that holds a private JWK (EC, OKP Ed25519 or RSA)`;

test('a folder, a pipe, a device and a name that ends as a folder’s are no audit file', async () => {
  const { folder, assertFaults } = await settings();
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [folder, pipe, '/dev/null', `${join(folder, 'audit.log')}/`])
    await assertFaults({ AUDIT_FILE: path }, [noFile(path)]);
});

test('an audit file needs a folder', async () => {
  const { folder, assertFaults } = await settings();
  for (const path of [join(folder, 'missing', 'audit.log'), join(folder, 'policy.yaml', 'audit.log')])
    await assertFaults({ AUDIT_FILE: path }, [noFolder(path)]);
});

test('a signing key is a file with a private JWK of a kind that signs, and no word of it is in a fault', async () => {
  const { folder, assertFaults } = await settings();
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = pair.privateKey.export({ format: 'jwk' });
  const path = join(folder, 'key.jwk');
  const bad: readonly (readonly [string, string])[] = [
    ['not JSON', 'no JSON object'],
    ['[]', 'no JSON object'],
    [JSON.stringify(pair.publicKey.export({ format: 'jwk' })), 'no private JWK'],
    [JSON.stringify({ kty: 'oct', k: 'c2VjcmV0', d: 'x' }), 'no private JWK'],
    [JSON.stringify({ ...jwk, alg: 'ES512' }), 'no private JWK'],
    [JSON.stringify({ ...jwk, d: 'AAAA', x: 'AAAA' }), 'a private JWK that is not valid'],
  ];
  for (const [content, what] of bad) {
    await writeFile(path, content);
    await assertFaults({ AUDIT_SIGNING_KEY_FILE: path }, [noKey(path, what)]);
  }
  for (const none of [join(folder, 'missing'), folder])
    await assertFaults({ AUDIT_SIGNING_KEY_FILE: none }, [noKey(none, 'no readable file')]);
});

test('both faults are listed at once', async () => {
  const { folder, assertFaults } = await settings();
  const key = join(folder, 'missing');
  const faults = [noFile(folder), noKey(key, 'no readable file')];
  await assertFaults({ AUDIT_FILE: folder, AUDIT_SIGNING_KEY_FILE: key }, faults);
});

test('a place for a file, a file that is there, and a good key are no faults, and are not touched', async () => {
  const { folder, run } = await settings();
  const place = join(folder, 'log', 'audit.log');
  await mkdir(dirname(place));
  const file = join(folder, 'there.log');
  await writeFile(file, '');
  await symlink(place, join(folder, 'link.log'));
  const key = join(folder, 'key.jwk');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(key, JSON.stringify(privateKey.export({ format: 'jwk' })));
  for (const AUDIT_FILE of [place, file, join(folder, 'link.log')])
    assert.deepEqual(await run('check', { AUDIT_FILE, AUDIT_SIGNING_KEY_FILE: key }), { status: 0, err: '' });
  assert.deepEqual(await readdir(dirname(place)), []);
});
