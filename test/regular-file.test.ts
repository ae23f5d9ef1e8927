// Files that settings name: regular ones are read, however they are reached, and nothing else makes the reader wait.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRegularFile, readRegularFileSync } from '../src/regular-file.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
writeFileSync(at('file'), 'text');
symlinkSync('file', at('link'));
mkdirSync(at('folder'));
execFileSync('mkfifo', [at('pipe')]);

for (const [name, read] of [
  ['at once', async (path: string) => readRegularFileSync(path)],
  ['later', readRegularFile],
] as const) {
  test(`a file is read whole, also behind a symbolic link, ${name}`, async () => {
    for (const path of [at('file'), at('link')]) assert.equal(String(await read(path)), 'text');
  });

  test(`a pipe without a writer and a device without an end are refused, ${name}`, async () => {
    for (const path of [at('pipe'), '/dev/zero', '/dev/null'])
      await assert.rejects(read(path), { message: 'no regular file' });
  });

  test(`a folder and a file that is not there are refused with the code of the system, ${name}`, async () => {
    await assert.rejects(read(at('folder')), { code: 'EISDIR' });
    await assert.rejects(read(at('missing')), { code: 'ENOENT' });
  });
}
