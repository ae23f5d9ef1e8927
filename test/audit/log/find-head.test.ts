// Where a log goes on after a stop: in its file, or in the newest of those that it was rotated into. A chain never begins
// anew by mistake.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { beforeFirst, hashOfLine } from '../../../src/audit/log/chain.ts';
import { findHead } from '../../../src/audit/log/find-head.ts';
import { systemFiles } from '../../../src/audit/log/log-file-system.ts';
import { temporaryFolder } from '../../support/policy-files.ts';
import { BrokenFiles } from './broken-files.ts';
import { linesOf, newChain, textOf } from './start-sink.ts';

const lines = linesOf(newChain(), 6);
const records = (from: number, to: number): string => textOf(lines.slice(from - 1, to));

/** A folder with these files, the first one the oldest. */
async function folderOf(test: TestContext, files: Readonly<Record<string, string | Buffer>>) {
  const folder = await temporaryFolder(test);
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), 1_800_000_000 + index, 1_800_000_000 + index);
  }
  return { folder, path: join(folder, 'audit.log') };
}

async function headOf(test: TestContext, files: Readonly<Record<string, string | Buffer>>) {
  const { folder, path } = await folderOf(test, files);
  const { head, file, linked } = await findHead(systemFiles, path);
  return { head, file: file?.slice(folder.length + 1), linked };
}

const at = (sequence: number) => ({ sequence, hash: hashOfLine(lines[sequence - 1] ?? '') });

test('a log that was never written begins its chain', async (t) => {
  assert.deepEqual(await headOf(t, {}), { head: beforeFirst, file: undefined, linked: true });
  assert.deepEqual((await headOf(t, { 'audit.log': '' })).head, beforeFirst);
  assert.deepEqual((await headOf(t, { 'audit.log': '{"half' })).head, beforeFirst);
});

test('a log goes on behind the last whole record of its file', async (t) => {
  const torn = `${records(1, 3)}{"half`;
  assert.deepEqual(await headOf(t, { 'audit.log': torn }), { head: at(3), file: 'audit.log', linked: true });
});

for (const name of ['audit.log.1', 'audit.log-20261122', 'audit-20261122.log', 'audit.2026-11-22.log'])
  test(`a log that was rotated into ${name} while nobody wrote goes on behind it`, async (t) => {
    assert.deepEqual(await headOf(t, { [name]: records(1, 3) }), { head: at(3), file: name, linked: true });
    const compressed = await headOf(t, { [`${name}.gz`]: gzipSync(records(1, 4)), 'audit.log': '' });
    assert.deepEqual(compressed, { head: at(4), file: `${name}.gz`, linked: true });
  });

test('of many rotated files the newest that holds a record counts', async (t) => {
  const files = {
    'audit.log.3.gz': gzipSync(records(1, 2)),
    'audit.log.2.gz': gzipSync(records(3, 4)),
    'audit.log.1': records(5, 6),
    'audit.log.0': '',
  };
  assert.deepEqual((await headOf(t, files)).head, at(6));
  assert.deepEqual((await headOf(t, { ...files, 'audit.log.1': 'nothing\n' })).head, at(4));
});

test('files of another log, and what was set aside, are not looked at', async (t) => {
  const files = {
    'audit.log.torn-2026-11-22T101112.123Z': records(1, 3),
    'audit.logs': records(1, 3),
    'other.log.1': records(1, 3),
    'audit-east.log': records(1, 3),
    'my-audit.log.1': records(1, 3),
  };
  assert.deepEqual(await headOf(t, files), { head: beforeFirst, file: undefined, linked: true });
});

test('a folder beside the log is no rotated file', async (t) => {
  const { folder, path } = await folderOf(t, {});
  await mkdir(join(folder, 'audit.log.1'));
  assert.deepEqual((await findHead(systemFiles, path)).head, beforeFirst);
});

test('an end that does not follow from what is before it is told', async (t) => {
  const cut = textOf([lines[0] ?? '', lines[2] ?? '']);
  assert.deepEqual(await headOf(t, { 'audit.log': cut }), { head: at(3), file: 'audit.log', linked: false });
  assert.deepEqual((await headOf(t, { 'audit.log.1.gz': gzipSync(cut) })).linked, false);
});

test('a rotated file whose end cannot be read is an error, and no reason to begin anew', async (t) => {
  const broken = gzipSync(records(1, 6)).subarray(0, -20);
  await assert.rejects(headOf(t, { 'audit.log.2': records(1, 1), 'audit.log.1.gz': broken }));
  for (const extension of ['xz', 'zst', 'bz2', 'lz4', 'zip', 'Z'])
    await assert.rejects(
      headOf(t, { 'audit.log.2': records(1, 1), [`audit.log.1.${extension}`]: 'compressed' }),
      /audit\.log\.1\..*cannot be read/,
    );
});

test('an older file that cannot be read is in nobody’s way', async (t) => {
  const files = { 'audit.log.2.xz': 'compressed', 'audit.log.1': records(3, 4) };
  assert.deepEqual((await headOf(t, files)).head, at(4));
});

test('a file that may not be read is an error, and leaves no descriptor', async (t) => {
  const { path } = await folderOf(t, { 'audit.log': records(1, 3) });
  for (const operation of ['open', 'fstat', 'read'] as const) {
    const files = new BrokenFiles();
    files.fail(operation, 'EIO');
    await assert.rejects(findHead(files, path), { code: 'EIO' });
    assert.equal(files.openFiles, 0);
  }
});

test('a pipe in the place of the log is refused, and not waited for', async (t) => {
  const { path } = await folderOf(t, {});
  execFileSync('mkfifo', [path]);
  await assert.rejects(findHead(systemFiles, path), /no regular file/);
});
