// Which settings of the audit log can never work, and that nothing else is called a fault of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditFaults } from '../../../src/audit/log/audit-faults.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeKeys } from '../verify/signed-log.ts';

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const faultsOf = (file: string | undefined, signingKeyFile?: string) => auditFaults({ file, signingKeyFile });
const { privateJwk, publicJwk } = await makeKeys();

test('a file, a place for one and no file at all are no faults', () => {
  writeFileSync(at('there.log'), '');
  symlinkSync(at('there.log'), at('linked.log'));
  for (const file of [undefined, at('there.log'), at('new.log'), at('linked.log')])
    assert.deepEqual(faultsOf(file), []);
});

test('a folder, a pipe, and a name that ends with a slash can be no audit file', () => {
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('pipe')]);
  for (const file of [at('folder'), at('pipe'), `${at('new.log')}/`])
    assert.deepEqual(faultsOf(file), [
      `AUDIT_FILE: found ${JSON.stringify(file)}, which is no regular file; expected a file, or a place for one`,
    ]);
});

test('a file in no folder, or in something that is none, can never be', () => {
  writeFileSync(at('file'), '');
  for (const file of [at('missing', 'audit.log'), at('file', 'audit.log')])
    assert.deepEqual(faultsOf(file), [
      `AUDIT_FILE: found ${JSON.stringify(file)}, whose folder does not exist; expected a folder that exists`,
    ]);
});

test('a key that signs is no fault; one that cannot, or cannot be read, is, and both settings are told at once', () => {
  const write = (name: string, value: unknown) => {
    writeFileSync(at(name), JSON.stringify(value));
    return at(name);
  };
  const expected = 'expected a file that holds a private JWK (EC, OKP Ed25519 or RSA)';
  assert.deepEqual(faultsOf(undefined, write('private.jwk', privateJwk)), []);
  const publicFile = write('public.jwk', publicJwk);
  assert.deepEqual(faultsOf(undefined, publicFile), [
    `AUDIT_SIGNING_KEY_FILE: found no private JWK at ${JSON.stringify(publicFile)}; ${expected}`,
  ]);
  const missing = at('missing.jwk');
  const [first, second, ...more] = faultsOf(at('missing', 'a'), missing);
  assert.match(first ?? '', /^AUDIT_FILE/);
  assert.equal(
    second,
    `AUDIT_SIGNING_KEY_FILE: found no readable file at ${JSON.stringify(missing)}; ${expected}`,
  );
  assert.deepEqual(more, []);
});
