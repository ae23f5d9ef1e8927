// Opening an audit file brings it into order: what is torn is set aside byte for byte, what was not acknowledged is taken
// out, and a file of another chain is refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Head } from '../../../src/audit/log/chain.ts';
import { LogFile } from '../../../src/audit/log/log-file.ts';
import type { Unacknowledged } from '../../../src/audit/log/unacknowledged.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { headOf } from '../verify/chained-log.ts';
import { BrokenFiles } from './broken-files.ts';
import { linesOf, newChain, setAsideFrom, textOf } from './start-sink.ts';

const [one = '', two = '', three = ''] = linesOf(newChain(), 3);
const headAt = (sequence: number, line: string): Head => ({ ...headOf(line), sequence });
const now = Date.parse('2026-11-22T10:11:12.345Z');

async function fileWith(content: string | Buffer | undefined) {
  const path = join(temporaryFolder(), 'audit.log');
  if (content !== undefined) await writeFile(path, content);
  const files = new BrokenFiles();
  return {
    path,
    files,
    async open(head: Head | undefined, unacknowledged?: Omit<Unacknowledged, 'identity'>) {
      const { dev, ino } = await stat(path).catch(() => ({ dev: 0, ino: 0 }));
      const last = unacknowledged && { ...unacknowledged, identity: `${dev}:${ino}` };
      const opened = await LogFile.open(files, path, { head, found: undefined, unacknowledged: last, now });
      await opened.log.close();
      return opened;
    },
    text: () => readFile(path, 'utf8'),
  };
}

for (const [what, torn] of [
  ['half a record', Buffer.from(two.slice(0, 100))],
  ['a complete record that lacks its newline', Buffer.from(two)],
  ['NUL bytes', Buffer.alloc(3000)],
  ['bytes of no encoding', Buffer.from([0xff, 0xfe, 0x00, 0xc3])],
  ['more than is copied at a time', Buffer.alloc(2.5 * 1024 * 1024, 'x')],
] as const)
  test(`${what}: set aside byte for byte, and gone from the log`, async () => {
    const { path, files, open, text } = await fileWith(Buffer.concat([Buffer.from(`${one}\n`), torn]));
    const { log, torn: found } = await open(headAt(1, one));
    const name = 'audit.log.torn-2026-11-22T101112.345Z';
    const sha256 = createHash('sha256').update(torn).digest('hex');
    assert.deepEqual(found, { file: name, bytes: torn.length, sha256 });
    assert.deepEqual(await setAsideFrom(path), [name]);
    assert.deepEqual(await readFile(join(dirname(path), name)), torn);
    assert.equal((await stat(join(dirname(path), name))).mode & 0o777, 0o640);
    assert.equal(await text(), `${one}\n`);
    assert.equal(log.size, one.length + 1);
    assert.equal(files.openFiles, 0);
  });

test('nothing is set aside over what was set aside before', async () => {
  const { path, open, text } = await fileWith(`${one}\nhalf`);
  const name = `${path}.torn-2026-11-22T101112.345Z`;
  await writeFile(name, 'earlier');
  await assert.rejects(open(headAt(1, one)), { code: 'EEXIST' });
  assert.equal(await readFile(name, 'utf8'), 'earlier');
  assert.equal(await text(), `${one}\nhalf`);
});

test('what is set aside is durable, with its name, before it is taken out of the log', async () => {
  const { files, open } = await fileWith(`${one}\nhalf`);
  const calls: string[] = [];
  files.before = async (operation) => void calls.push(operation);
  await open(headAt(1, one));
  const behind = calls.slice(calls.indexOf('write'));
  assert.deepEqual(behind.slice(0, 6), ['write', 'fdatasync', 'open', 'fdatasync', 'close', 'ftruncate']);
});

test('a file that is there and in order is not changed', async () => {
  const { open, text, files } = await fileWith(textOf([one, two]));
  assert.equal((await open(headAt(2, two))).torn, undefined);
  assert.equal(await text(), textOf([one, two]));
  assert.equal(files.count('ftruncate'), 0);
});

test('a file that was not there is durable before anything is written to it', async () => {
  const { open, text, files } = await fileWith(undefined);
  await open(undefined);
  assert.equal(await text(), '');
  assert.equal(files.count('fdatasync'), 1);
});

test('a file with a later or another record than the last one that was acknowledged is refused', async () => {
  const { open, text, files } = await fileWith(textOf([one, two]));
  await assert.rejects(open(headAt(1, one)), /somebody else/);
  await assert.rejects(open(headAt(2, three)), /somebody else/);
  await assert.rejects(open(undefined), /somebody else/);
  assert.equal(await text(), textOf([one, two]));
  assert.equal(files.openFiles, 0);
});

test('a file that ends with an older record was cut, and the log goes on', async () => {
  const { open } = await fileWith(textOf([one, two]));
  await open(headAt(3, three));
});

test('what was not acknowledged is taken out, as much of it as is there', async () => {
  const bytes = Buffer.from(textOf([two, three]));
  const size = one.length + 1;
  for (const length of [1, 100, two.length, two.length + 1, bytes.length]) {
    const { open, text } = await fileWith(`${one}\n${bytes.subarray(0, length)}`);
    const { torn } = await open(headAt(1, one), { size, bytes });
    assert.equal(torn, undefined);
    assert.equal(await text(), `${one}\n`);
  }
});

test('of what stands behind the acknowledged nothing else is taken out', async () => {
  const bytes = Buffer.from(`${two}\n`);
  const { open, text, path } = await fileWith(`${one}\na foreign line\n${two}\n`);
  const { torn } = await open(headAt(1, one), { size: one.length + 1, bytes });
  assert.equal(torn, undefined);
  assert.equal(await text(), `${one}\na foreign line\n`);
  assert.deepEqual(await setAsideFrom(path), []);
});

test('an acknowledged line in a file that was cut is set aside, even if it begins as the rejected one', async () => {
  const bytes = Buffer.from(`${three}\n`);
  const { open, path } = await fileWith(`${one}\n${two.slice(0, 20)}`);
  const { torn } = await open(headAt(2, two), { size: one.length + two.length + 2, bytes });
  assert.equal(torn?.bytes, 20);
  assert.equal((await setAsideFrom(path)).length, 1);
});

test('what is no regular file is refused, and leaves no descriptor', async () => {
  const { open, path, files } = await fileWith(undefined);
  await mkdir(path);
  await assert.rejects(open(undefined), { code: 'EISDIR' });
  const options = { head: undefined, found: undefined, unacknowledged: undefined, now };
  await assert.rejects(LogFile.open(files, '/dev/null', options), /no regular file/);
  assert.equal(files.openFiles, 0);
});

test('what the disk says of an append that failed is passed on, whichever call it was', async () => {
  for (const operation of ['write', 'fdatasync', 'fstat'] as const) {
    const { path, files } = await fileWith('');
    const options = { head: undefined, found: undefined, unacknowledged: undefined, now };
    const { log } = await LogFile.open(files, path, options);
    files.fail(operation, 'EIO');
    await assert.rejects(log.append(Buffer.from('x\n')), { code: 'EIO' });
    await log.close();
  }
});

test('a file is not taken for another one, for one that is gone, or for one of another size', async () => {
  const { path, files } = await fileWith(textOf([one]));
  const options = { head: headAt(1, one), found: undefined, unacknowledged: undefined, now };
  const { log } = await LogFile.open(files, path, options);
  assert.equal(await log.isAt(path), true);
  await writeFile(`${path}.2`, textOf([one]));
  assert.equal(await log.isAt(`${path}.2`), false);
  assert.equal(await log.isAt(`${path}.3`), false);
  files.fail('stat', 'EIO');
  await assert.rejects(log.isAt(path), { code: 'EIO' });
  files.heal();
  await writeFile(path, textOf([one, 'x']));
  assert.equal(await log.isAt(path), false);
  await log.close();
});
