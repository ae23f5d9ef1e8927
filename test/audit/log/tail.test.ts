// The end of an audit file, however it was left: where its last whole line ends, and which record is its last.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemFiles } from '../../../src/audit/log/log-file-system.ts';
import { readTail, type Tail } from '../../../src/audit/log/tail.ts';
import { eventNamed } from '../../support/event-named.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { headOf } from '../verify/chained-log.ts';
import { linesOf, newChain, textOf } from './start-sink.ts';

async function tailOf(content: string | Buffer): Promise<Tail> {
  const path = join(temporaryFolder(), 'audit.log');
  await writeFile(path, content);
  const fd = await systemFiles.open(path, 'r');
  try {
    return await readTail(systemFiles, path, fd, Buffer.byteLength(content));
  } finally {
    await systemFiles.close(fd);
  }
}

const [one = '', two = '', three = ''] = linesOf(newChain(), 3);
const whole = textOf([one, two]);

test('an empty file has no record and nothing torn', async () => {
  assert.deepEqual(await tailOf(''), { end: 0, last: undefined });
});

test('a file that begins with an empty line is read to its beginning', async () => {
  assert.deepEqual(await tailOf('\n'), { end: 1, last: undefined });
  const { end, last } = await tailOf(`\n${whole}`);
  assert.deepEqual([end, last?.sequence], [whole.length + 1, 2]);
  assert.deepEqual(await tailOf('\n\nx'), { end: 2, last: undefined });
});

test('the last record is found with its place in the chain', async () => {
  const { end, last } = await tailOf(whole);
  assert.deepEqual([end, last?.sequence, last?.intact], [whole.length, 2, true]);
  assert.equal(last?.fingerprint, headOf(two).fingerprint);
});

for (const [what, torn] of [
  ['half a record', three.slice(0, 100)],
  ['one byte', '{'],
  ['a complete record without its newline', three],
  ['NUL bytes', '\0'.repeat(5000)],
  ['a text that holds no newline for 200 KiB', 'x'.repeat(200 * 1024)],
] as const) {
  test(`${what} at the end is no line`, async () => {
    const { end, last } = await tailOf(whole + torn);
    assert.deepEqual([end, last?.sequence], [whole.length, 2]);
  });
  test(`${what} in a file without any line is all that is torn`, async () => {
    assert.deepEqual(await tailOf(torn), { end: 0, last: undefined });
  });
}

test('a record behind NUL bytes in one line is none', async () => {
  const { end, last } = await tailOf(`${whole}\0\0\0${three}\n`);
  assert.deepEqual([end, last?.sequence], [whole.length + 3 + three.length + 1, 2]);
});

test('lines that are no records are passed over, many of them too', async () => {
  const { last } = await tailOf(`${textOf([one])}${'a log line\n'.repeat(20_000)}${two}\nmore\n`);
  assert.equal(last?.sequence, 2);
});

test('a file without any record has none, and nothing torn', async () => {
  const text = 'a log line\n'.repeat(100);
  assert.deepEqual(await tailOf(text), { end: text.length, last: undefined });
});

test('lines larger than a piece that is read are found whole', async () => {
  const big = eventNamed('x', { unmapped: { text: 'é'.repeat(100_000) } });
  const lines = linesOf(newChain(), 1);
  lines.push(newChain(headOf(lines[0])).append(big));
  const { last } = await tailOf(textOf(lines));
  assert.deepEqual([last?.fingerprint, last?.intact], [headOf(lines[1]).fingerprint, true]);
});

test('an end that holds no record for more than 16 MiB is refused', async () => {
  const noise = Buffer.alloc(65 * 1024 * 1024, 'x');
  await assert.rejects(
    tailOf(Buffer.concat([Buffer.from(whole), noise])),
    /last 16 MiB of .*audit\.log hold no audit record/,
  );
});
