// Files of secrets: read again at each use, and refused when they hold what nobody sees.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { configOf, faultsOf, good } from './variables.ts';

test('a secret from a file is read again at each use, without its last line break', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'secret');
  await writeFile(file, 'first\n');
  const { AEROSPIKE_CLIENT_SECRET: _, ...rest } = good;
  const { clientSecret } = configOf({ ...rest, AEROSPIKE_CLIENT_SECRET_FILE: file }).upstream.credential;
  assert.equal(await clientSecret.reveal(), 'first');
  await writeFile(file, 'second\r\n');
  assert.equal(await clientSecret.reveal(), 'second');
  await writeFile(file, '\n');
  await assert.rejects(clientSecret.reveal());
});

test('a secret file that is missing, empty, or beside the value itself is a fault', async () => {
  const folder = temporaryFolder();
  const empty = join(folder, 'empty');
  await writeFile(empty, '\n');
  const { AEROSPIKE_CLIENT_ID: _, ...rest } = good;
  assert.match(
    faultsOf({ ...rest, AEROSPIKE_CLIENT_ID_FILE: empty }).join(),
    /^AEROSPIKE_CLIENT_ID_FILE: found an empty/,
  );
  assert.match(
    faultsOf({ ...rest, AEROSPIKE_CLIENT_ID_FILE: join(folder, 'none') }).join(),
    /no readable file/,
  );
  assert.match(
    faultsOf({ ...good, AEROSPIKE_CLIENT_ID_FILE: empty }).join(),
    /^AEROSPIKE_CLIENT_ID: .*one of the two/,
  );
});

for (const [what, content, problem] of [
  ['a byte-order mark', '\ufeffsecret', 'a file with a byte-order mark'],
  ['a space at the end', 'secret \n', 'a file with white space around the secret'],
  ['two line breaks at the end', 'secret\n\n', 'a file with white space around the secret'],
  ['a space at the beginning', ' secret', 'a file with white space around the secret'],
  ['UTF-16 with a byte-order mark', Buffer.from('\ufeffsecret', 'utf16le'), 'a UTF-16 file'],
  ['UTF-16 without one', Buffer.from('secret', 'utf16le'), 'a UTF-16 file'],
  ['bytes that are no text', Buffer.from([0x73, 0xff, 0x74]), 'a file that is not UTF-8'],
  ['nothing but white space', ' \n', 'an empty file'],
] as const)
  test(`a secret file with ${what} is a fault that names the _FILE variable, at the start and later`, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'secret');
    await writeFile(file, 'good');
    const { AEROSPIKE_CLIENT_SECRET: _, ...rest } = good;
    const environment = { ...rest, AEROSPIKE_CLIENT_SECRET_FILE: file };
    const { clientSecret } = configOf(environment).upstream.credential;
    await writeFile(file, content);
    const expected = 'the path of a UTF-8 file that holds the secret and nothing else';
    assert.deepEqual(faultsOf(environment), [
      `AEROSPIKE_CLIENT_SECRET_FILE: found ${problem} at ${JSON.stringify(file)}; expected ${expected}`,
    ]);
    await assert.rejects(clientSecret.reveal(), { message: `AEROSPIKE_CLIENT_SECRET_FILE names ${problem}` });
  });
