// Lines come out byte for byte as they are in the files, whatever their length and wherever a piece that was read ends.
import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { longestLineBytes, readLines, sizeOf } from '../../../src/audit/record/read-lines.ts';
import { type LogFiles, writeLogs } from '../verify/chained-log.ts';

async function read(t: TestContext, files: LogFiles) {
  const paths = await writeLogs(t, files);
  const lines: { name: string; line: number; text: string }[] = [];
  let bytes = 0;
  for await (const found of readLines(paths, (count) => {
    bytes += count;
  }))
    lines.push({ name: basename(found.file), line: found.line, text: found.bytes.toString('latin1') });
  return { lines, texts: lines.map(({ text }) => text), bytes, size: await sizeOf(paths) };
}

test('lines are numbered in each file, and the last one needs no newline', async (t) => {
  const { lines } = await read(t, { a: 'one\n\nthree\n', b: 'one\ntwo' });
  assert.deepEqual(
    lines.map(({ name, line, text }) => `${name}:${line} ${text}`),
    ['a:1 one', 'a:2 ', 'a:3 three', 'b:1 one', 'b:2 two'],
  );
});

test('nothing but the newline is taken from a line, and bytes that are no text stay what they are', async (t) => {
  const bytes = Buffer.from([0x20, 0x09, 0x0d, 0x0a, 0xff, 0x00, 0xc3, 0x0a, 0xe2, 0x80, 0xa8]);
  assert.deepEqual((await read(t, { a: bytes })).texts, [' \t\r', '\xff\0\xc3', '\xe2\x80\xa8']);
});

test('lines that are longer than what is read at once are put together, compressed or not', async (t) => {
  const lengths = [1, 262_143, 262_144, 262_145, 0, longestLineBytes, 700_000, 5];
  const content = lengths.map((length, index) => String(index).repeat(length)).join('\n');
  const plain = await read(t, { a: content });
  assert.deepEqual(
    plain.texts.map(({ length }) => length),
    lengths,
  );
  assert.equal(plain.texts.join('\n') === content, true);
  assert.deepEqual((await read(t, { 'a.gz': gzipSync(content) })).texts, plain.texts);
});

test('a line that is longer than any record is an empty one, and its neighbours are whole', async (t) => {
  const content = `before\n${'x'.repeat(longestLineBytes + 1)}\nafter\n${'y'.repeat(3 * longestLineBytes)}`;
  const expected = ['before', '', 'after', ''];
  assert.deepEqual((await read(t, { a: content })).texts, expected);
  assert.deepEqual((await read(t, { 'a.gz': gzipSync(content) })).texts, expected);
});

test('every byte on disk is told of, the compressed ones of a compressed file', async (t) => {
  const content = `${'a line of text '.repeat(100)}\n`.repeat(1000);
  const { bytes, size } = await read(t, { a: content, 'b.gz': gzipSync(content), c: '' });
  assert.equal(bytes, size);
  assert.equal(size, content.length + gzipSync(content).length);
});

test('a file that cannot be read to its end is named', async (t) => {
  const packed = gzipSync('one\n'.repeat(1000));
  for (const [name, content, reason] of [
    ['cut.gz', packed.subarray(0, -5), /cut\.gz: unexpected end of file/],
    ['plain.gz', 'one\n', /plain\.gz: incorrect header check/],
    ['empty.gz', '', /empty\.gz: unexpected end of file/],
    ['wrong.gz', Buffer.concat([packed.subarray(0, 20), packed]), /wrong\.gz: /],
  ] as const)
    await assert.rejects(read(t, { good: 'one\n', [name]: content }), reason);
  const [good = ''] = await writeLogs(t, { good: 'one\n' });
  const all = async (...files: string[]) => {
    for await (const { line } of readLines(files, () => undefined)) assert.equal(line, 1);
  };
  await assert.rejects(all(good, `${good}.missing`), /ENOENT.*good\.missing/);
  await assert.rejects(all(dirname(good)), /: EISDIR/);
});
