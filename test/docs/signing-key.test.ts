// The lines of docs/audit.md that make a key for checkpoints are run as they stand, and make one that signs and one that
// verifies.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { auditFaults } from '../../src/audit/log/audit-faults.ts';
import { signCheckpoint, verifyCheckpoint } from '../../src/audit/log/checkpoint.ts';
import { readSigningKey, readVerificationKeys, toSigningKey } from '../../src/audit/log/signing-key.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fencedBlocks, readText } from './documents.ts';

test('the lines that make a signing key make one, for its owner only, and a public one that says nothing of it', async () => {
  const blocks = fencedBlocks(readText('docs/audit.md'), 'sh').filter((text) =>
    text.includes('generateKeyPair'),
  );
  assert.equal(blocks.length, 1);
  const folder = temporaryFolder();
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`;
  execFileSync('sh', ['-ec', blocks[0] ?? ''], { cwd: folder, env: { ...process.env, PATH: path } });

  const signingKeyFile = join(folder, 'audit-signing.jwk');
  assert.deepEqual(auditFaults({ file: undefined, signingKeyFile }), []);
  assert.equal((await stat(signingKeyFile)).mode & 0o077, 0);
  const visible = await readFile(join(folder, 'audit-signing.public.jwk'), 'utf8');
  assert.deepEqual(Object.keys(JSON.parse(visible)).sort(), ['crv', 'kty', 'x']);

  const checkpoint = { chain: 'x', sequence: 1, fingerprint: 'a'.repeat(64), time: 5 };
  const jws = signCheckpoint(checkpoint, await toSigningKey(readSigningKey(signingKeyFile)));
  assert.deepEqual(await verifyCheckpoint(jws, await readVerificationKeys(visible)), checkpoint);
});
