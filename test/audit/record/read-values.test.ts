// Objects come out of a log whole, however they are laid out and wherever a piece that was read ends; one that is broken
// costs no other.
import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { maxValueBytes, readValues, sizeOf } from '../../../src/audit/record/read-values.ts';
import { type LogFiles, writeLogs } from '../verify/chained-log.ts';

async function read(files: LogFiles) {
  const paths = await writeLogs(files);
  const found: string[] = [];
  let bytes = 0;
  for await (const { file, line, value } of readValues(paths, (count) => {
    bytes += count;
  }))
    found.push(`${basename(file)}:${line} ${value === undefined ? '-' : JSON.stringify(value).slice(0, 40)}`);
  return { found, bytes, size: await sizeOf(paths) };
}

const layouts: Readonly<Record<string, string>> = {
  'one a line': '{"a":1}\n{"a":{"b":"}{"}}\n{"a":"\\"\\\\"}',
  'one a line, with carriage returns': '{"a":1}\r\n\r\n{"a":{"b":"}{"}}\r\n{"a":"\\"\\\\"}\r\n',
  'an array': '[{"a":1},{"a":{"b":"}{"}},{"a":"\\"\\\\"}]',
  'laid out': '{\n  "a": 1\n}\n{\n  "a": {\n    "b": "}{"\n  }\n}\n{\n  "a": "\\"\\\\"\n}\n',
  'an array that is laid out': '[\n  {\n    "a": 1\n  },\n  { "a": { "b": "}{" } },\n  {"a":"\\"\\\\"}\n]\n',
};

for (const [name, content] of Object.entries(layouts))
  test(`objects are found: ${name}`, async () => {
    const values = ['{"a":1}', '{"a":{"b":"}{"}}', '{"a":"\\"\\\\"}'];
    for (const files of [{ a: content }, { a: gzipSync(content) }]) {
      const name = Buffer.isBuffer(files.a) ? 'a.gz' : 'a';
      const { found } = await read({ [name]: files.a });
      assert.deepEqual(
        found.map((text) => text.slice(text.indexOf(' ') + 1)),
        values,
      );
    }
  });

test('objects are numbered by the line on which they begin, in each file', async () => {
  const { found } = await read({ a: '{"x":1}\n\n{\n"x":2}\n', b: '{"x":3}' });
  assert.deepEqual(found, ['a:1 {"x":1}', 'a:3 {"x":2}', 'b:1 {"x":3}']);
});

test('other text is one value without content a line, and hides no object behind it', async () => {
  const { found } = await read({ a: 'text\n\n2026-11-29 stdout F {"x":1}\nnull\n' });
  assert.deepEqual(found, ['a:1 -', 'a:3 {"x":1}', 'a:4 -']);
});

for (const [what, broken] of [
  ['breaks off inside a string', '{"x":"unfinished'],
  ['breaks off behind a comma', '{"x":1,'],
  ['is no JSON', '{"x";1}'],
  ['has too many braces', '{"x":{{{'],
  ['is longer than any record', `{"x":"${'x'.repeat(maxValueBytes)}"}`],
] as const)
  test(`an object that ${what} costs no other`, async () => {
    const { found } = await read({ a: `{"y":1}\n${broken}\n{"y":2}\n{"y":3}`, b: broken });
    assert.deepEqual(found, ['a:1 {"y":1}', 'a:2 -', 'a:3 {"y":2}', 'a:4 {"y":3}', 'b:1 -']);
  });

test('objects that are longer than what is read at once are put together', async () => {
  const lengths = [1, 262_143, 262_144, 262_145, 0, 500_000];
  const paths = await writeLogs({
    a: JSON.stringify(lengths.map((length) => ({ x: 'é'.repeat(length) }))),
  });
  const found: number[] = [];
  for await (const { value } of readValues(paths, () => undefined))
    found.push((value as { x: string }).x.length);
  assert.deepEqual(found, lengths);
});

test('every byte on disk is reported, the compressed ones of a compressed file', async () => {
  const content = `{"x":"${'a line of text '.repeat(100)}"}\n`.repeat(1000);
  const { bytes, size } = await read({ a: content, 'b.gz': gzipSync(content), c: '' });
  assert.equal(bytes, size);
  assert.equal(size, content.length + gzipSync(content).length);
});

test('a file that cannot be read to its end is named', async () => {
  const packed = gzipSync('{}\n'.repeat(1000));
  for (const [name, content, reason] of [
    ['cut.gz', packed.subarray(0, -5), /cut\.gz: unexpected end of file/],
    ['plain.gz', '{}\n', /plain\.gz: incorrect header check/],
    ['empty.gz', '', /empty\.gz: unexpected end of file/],
    ['wrong.gz', Buffer.concat([packed.subarray(0, 20), packed]), /wrong\.gz: /],
  ] as const)
    await assert.rejects(read({ good: '{}\n', [name]: content }), reason);
  const [good = ''] = await writeLogs({ good: '{}\n' });
  const all = async (...files: string[]) => {
    for await (const { line } of readValues(files, () => undefined)) assert.equal(line, 1);
  };
  await assert.rejects(all(good, `${good}.missing`), /ENOENT.*good\.missing/);
  await assert.rejects(all(dirname(good)), /: EISDIR/);
});
