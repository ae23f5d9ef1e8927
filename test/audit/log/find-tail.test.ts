// Where a log continues after a stop: in its file, or in the newest of those that it was rotated into. A chain never begins
// anew by mistake.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { findTail } from '../../../src/audit/log/find-tail.ts';
import { systemFiles } from '../../../src/audit/log/log-file-system.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { headOf as headOfLine, makeLog, reworded } from '../verify/chained-log.ts';
import { BrokenFiles } from './broken-files.ts';
import { linesOf, newChain, textOf } from './start-sink.ts';

const lines = linesOf(newChain(), 6);
const records = (from: number, to: number): string => textOf(lines.slice(from - 1, to));

/** A folder with these files, the first one the oldest. */
async function folderOf(files: Readonly<Record<string, string | Buffer>>) {
  const folder = temporaryFolder();
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), 1_800_000_000 + index, 1_800_000_000 + index);
  }
  return { folder, path: join(folder, 'audit.log') };
}

async function headOf(files: Readonly<Record<string, string | Buffer>>) {
  const { path } = await folderOf(files);
  const { head, ends } = await findTail(systemFiles, path, undefined);
  assert.equal(ends, undefined);
  return head?.fingerprint;
}

const at = (sequence: number) => headOfLine(lines[sequence - 1]).fingerprint;

test('a log that was never written begins its chain', async () => {
  assert.deepEqual(await headOf({}), undefined);
  assert.deepEqual(await headOf({ 'audit.log': '' }), undefined);
  assert.deepEqual(await headOf({ 'audit.log': '{"half' }), undefined);
});

test('a log continues behind the last whole record of its file', async () => {
  const torn = `${records(1, 3)}{"half`;
  assert.deepEqual(await headOf({ 'audit.log': torn }), at(3));
});

for (const name of ['audit.log.1', 'audit.log-20261122', 'audit-20261122.log', 'audit.2026-11-22.log'])
  test(`a log that was rotated into ${name} while nobody wrote continues behind it`, async () => {
    assert.deepEqual(await headOf({ [name]: records(1, 3) }), at(3));
    const compressed = await headOf({ [`${name}.gz`]: gzipSync(records(1, 4)), 'audit.log': '' });
    assert.deepEqual(compressed, at(4));
  });

for (const [name, content] of [
  ['audit.log.1', records(1, 3)],
  ['audit.log.1.gz', gzipSync(records(1, 3))],
] as const)
  test(`what a gateway wrote to a file that was rotated into ${name} is made durable before the chain goes on behind it`, async () => {
    const { path } = await folderOf({ [name]: content, 'audit.log': records(4, 4) });
    const files = new BrokenFiles();
    await findTail(files, path, undefined);
    assert.equal(files.count('fdatasync'), 0);
    await writeFile(path, '');
    await findTail(files, path, undefined);
    assert.equal(files.count('fdatasync'), 1);
    files.fail('fdatasync', 'EIO');
    await assert.rejects(findTail(files, path, undefined), /EIO/);
    assert.equal(files.openFiles, 0);
  });

test('of many rotated files the newest that holds a record counts', async () => {
  const files = {
    'audit.log.3.gz': gzipSync(records(1, 2)),
    'audit.log.2.gz': gzipSync(records(3, 4)),
    'audit.log.1': records(5, 6),
    'audit.log.0': '',
  };
  assert.deepEqual(await headOf(files), at(6));
  assert.deepEqual(await headOf({ ...files, 'audit.log.1': 'nothing\n' }), at(4));
});

test('the numbers of the records decide which of the rotated files is the newest, however they are compressed or copied', async () => {
  const plain = { 'audit.log-20261129': records(5, 6), 'audit.log-20261128': records(3, 4) };
  assert.deepEqual(await headOf(plain), at(6));
  const compressed = Object.fromEntries(
    Object.entries(plain).map(([name, text]) => [`${name}.gz`, gzipSync(text)]),
  );
  assert.deepEqual(await headOf(compressed), at(6));
  const mixed = { 'audit.log-20261129': records(5, 6), 'audit.log-20261128.gz': gzipSync(records(1, 4)) };
  assert.deepEqual(await headOf(mixed), at(6));
  assert.deepEqual(await headOf({ ...mixed, 'audit.log-20261127': records(1, 2) }), at(6));
});

/** Records of a chain that begins at this time, in seconds since the epoch. */
const chainAt = (time: number): string[] => makeLog(6, { time: time * 1000 });

test('of two chains the one that began later goes on, wherever in a file it began', async () => {
  const [first, second] = [chainAt(1_700_000_000), chainAt(1_700_100_000)];
  const files = {
    'audit.log.1': textOf(second.slice(4)),
    'audit.log.2': textOf([...first.slice(4), ...second.slice(0, 4)]),
    'audit.log.3': textOf(first.slice(0, 4)),
  };
  assert.deepEqual(await headOf(files), headOfLine(second.at(-1)).fingerprint);
  const compressed = Object.entries(files).map(([name, text]) => [`${name}.gz`, gzipSync(text)]);
  assert.deepEqual(await headOf(Object.fromEntries(compressed)), headOfLine(second.at(-1)).fingerprint);
});

test('a chain that ended before the newest record of another one is not continued', async () => {
  const began = chainAt(1_700_000_000);
  const goes = makeLog(2, { after: headOfLine(began.at(-1)), time: 1_700_200_000_000 });
  const files = {
    'audit.log.2': textOf(began),
    'audit.log.1': textOf(goes),
    'audit.log.copy': textOf(chainAt(1_700_100_000)),
  };
  assert.deepEqual(await headOf(files), headOfLine(goes.at(-1)).fingerprint);
});

test('a file in which no record is found is older than the records only if it was last written before them', async () => {
  const log = chainAt(1_800_000_001);
  const files = { 'audit.log.2.xz': 'compressed', 'audit.log.1': textOf(log) };
  assert.deepEqual(await headOf(files), headOfLine(log.at(-1)).fingerprint);
  // Its time is that of the first records, and what is not readable was written at the same time.
  const early = { 'audit.log.2.xz': 'compressed', 'audit.log.1': textOf(chainAt(1_799_999_990)) };
  await assert.rejects(headOf(early), /audit\.log\.2\.xz, which cannot be read/);
});

test('a record that lacks its newline does not count, in a rotated file either', async () => {
  assert.deepEqual(await headOf({ 'audit.log.1': records(1, 3).trimEnd() }), at(2));
});

test('a name that only begins like a compression is none', async () => {
  assert.deepEqual(await headOf({ 'audit.log.Zurich': records(1, 3) }), at(3));
});

test('files of another log, and what was set aside, are not looked at', async () => {
  const files = {
    'audit.log.torn-2026-11-22T101112.123Z': records(1, 3),
    'audit.logs': records(1, 3),
    'other.log.1': records(1, 3),
    'audit-east.log': records(1, 3),
    'audit-2.log': records(1, 3),
    'audit-2.log.1': records(1, 3),
    'audit-2-20261122.log': records(1, 3),
    'audit.2.3.log': records(1, 3),
    'audit-10.0.0.12.log': records(1, 3),
    'audit.logs.1': records(1, 3),
    'other-20261122.log': records(1, 3),
    'my-audit.log.1': records(1, 3),
  };
  assert.deepEqual(await headOf(files), undefined);
});

for (const name of [
  'audit.1.log',
  'audit.log-202611',
  'audit.log-22-11-2026',
  'audit.log.old',
  'audit.log-1',
])
  test(`${name} is a rotated file`, async () => {
    assert.deepEqual(await headOf({ [name]: records(1, 3) }), at(3));
  });

test('a large rotated file without a record is named', async () => {
  const files = { 'audit.log-20261128': records(1, 3), 'audit.log.idx': Buffer.alloc(17 * 1024 * 1024, 'x') };
  await assert.rejects(headOf(files), /last 16 MiB of .*audit\.log\.idx hold no audit record/);
});

test('a folder beside the log is no rotated file', async () => {
  const { folder, path } = await folderOf({});
  await mkdir(join(folder, 'audit.log.1'));
  assert.deepEqual((await findTail(systemFiles, path, undefined)).head, undefined);
});

test('a last record that is not as it was written ends its chain', async () => {
  const { path } = await folderOf({ 'audit.log': `${records(1, 2)}${reworded(lines[2])}\n` });
  const { head, ends } = await findTail(systemFiles, path, undefined);
  assert.deepEqual([head?.sequence, ends], [3, 'last-record-invalid']);
});

test('a rotated file whose end cannot be read is an error, and no reason to begin anew', async () => {
  const broken = gzipSync(records(1, 6)).subarray(0, -20);
  await assert.rejects(headOf({ 'audit.log.2': records(1, 1), 'audit.log.1.gz': broken }));
  for (const extension of ['xz', 'zst', 'bz2', 'lz4', 'zip', 'Z'])
    await assert.rejects(
      headOf({ 'audit.log.2': records(1, 1), [`audit.log.1.${extension}`]: 'compressed' }),
      /audit\.log\.1\..*cannot be read/,
    );
});

test('an older file that cannot be read is in nobody’s way', async () => {
  const files = { 'audit.log.2.xz': 'compressed', 'audit.log.1': records(3, 4) };
  assert.deepEqual(await headOf(files), at(4));
});

test('a file that may not be read is an error, and leaves no descriptor', async () => {
  const { path } = await folderOf({ 'audit.log': records(1, 3) });
  for (const operation of ['open', 'fstat', 'read'] as const) {
    const files = new BrokenFiles();
    files.fail(operation, 'EIO');
    await assert.rejects(findTail(files, path, undefined), { code: 'EIO' });
    assert.equal(files.openFiles, 0);
  }
});

test('a pipe in the place of the log is refused, and not waited for', async () => {
  const { path } = await folderOf({});
  execFileSync('mkfifo', [path]);
  await assert.rejects(findTail(systemFiles, path, undefined), /no regular file/);
});
