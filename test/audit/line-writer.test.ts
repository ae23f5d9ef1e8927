// Lines on a real pipe: whole and in order whoever writes them, without ever waiting for a reader who does not read.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { until } from '../support/until.ts';
import { openPipe } from './pipe.ts';

const mebibyte = 1_048_576;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(test: TestContext) {
  const pipe = openPipe(test);
  return { ...pipe, writer: new LineWriter(pipe.fd) };
}

/** What became of a write so far. */
function watch(write: Promise<void>): { state: string } {
  const seen = { state: 'pending' };
  write.then(
    () => {
      seen.state = 'written';
    },
    (error: NodeJS.ErrnoException) => {
      seen.state = String(error.code);
    },
  );
  return seen;
}

/** Enough turns of the loop and of the thread pool for anything that can happen to have happened. */
async function giveTime(): Promise<void> {
  for (let count = 0; count < 20; count += 1) {
    await turn();
    await readFile(import.meta.filename);
  }
}

test('lines written and logged at once come out whole and in order', async (t) => {
  const { writer, reader } = start(t);
  const logger = createLogger('info', writer);
  reader.start();
  const writes: Promise<void>[] = [];
  for (let count = 0; count < 300; count += 1) {
    const text = '☃x'.repeat(count * 37);
    writes.push(writer.write(JSON.stringify({ audit: count, text })));
    logger.info({ log: count, text });
    if (count % 7 === 0) await turn();
  }
  await Promise.all(writes);
  await writer.drained();
  await until('all lines have come', () => reader.lines.length === 600);
  const records = reader.lines.map(
    (line) => JSON.parse(line) as { audit?: number; log?: number; text: string },
  );
  const numbers = Array.from({ length: 300 }, (_, index) => index);
  assert.deepEqual(
    records.flatMap(({ audit = [] }) => audit),
    numbers,
  );
  assert.deepEqual(
    records.flatMap(({ log = [] }) => log),
    numbers,
  );
  for (const { audit, log, text } of records) assert.equal(text.length, Number(audit ?? log) * 74);
});

test('an audit line counts as written when the reader has left room for it, and the process goes on meanwhile', async (t) => {
  const { writer, reader } = start(t);
  const large = watch(writer.write('x'.repeat(mebibyte)));
  const behind = watch(writer.write('behind'));
  await giveTime();
  assert.deepEqual([large.state, behind.state], ['pending', 'pending']);
  reader.start();
  await writer.drained();
  assert.deepEqual([large.state, behind.state], ['written', 'written']);
  await until('both lines have come', () => reader.lines.length === 2);
  assert.deepEqual(
    reader.lines.map((line) => line.length),
    [mebibyte, 'behind'.length],
  );
});

test('log lines give way when nobody reads, and are counted; audit lines do not', async (t) => {
  const { writer, reader } = start(t);
  const writes = [writer.write('x'.repeat(mebibyte))];
  await turn();
  const logged = 10_000;
  for (let count = 0; count < logged; count += 1) {
    writer.log(`${JSON.stringify({ log: count, text: 'x'.repeat(1000) })}\n`);
    if (count % 100 === 0) writes.push(writer.write(JSON.stringify({ audit: count })));
  }
  reader.start();
  await Promise.all(writes);
  await writer.drained();
  await until('the last line has come', () => reader.lines.at(-1)?.includes('dropped') === true);
  const records = reader.lines.slice(1).map((line) => JSON.parse(line));
  assert.deepEqual(
    records.flatMap(({ audit = [] }) => audit),
    Array.from({ length: 100 }, (_, index) => index * 100),
  );
  const kept = records.filter(({ log }) => log !== undefined);
  assert.deepEqual(
    kept.map(({ log }) => log),
    Array.from(kept, (_, index) => index),
  );
  assert.ok(kept.length > 3000 && kept.length < logged);
  assert.deepEqual(records.at(-1), { level: 'warn', msg: 'log lines dropped', count: logged - kept.length });
});

test('after the reader has caught up, no log line is dropped any more', async (t) => {
  const { writer, reader } = start(t);
  writer.write('x'.repeat(mebibyte));
  await turn();
  for (let count = 0; count < 5000; count += 1) writer.log(`${'x'.repeat(1000)}\n`);
  reader.start();
  await writer.drained();
  writer.log('again\n');
  await writer.drained();
  await until('the line has come', () => reader.lines.at(-1) === 'again');
  assert.equal(reader.lines.filter((line) => line.includes('dropped')).length, 1);
});

test('without a reader audit lines are rejected, log lines are lost, and the process lives', async (t) => {
  const { writer, reader } = start(t);
  await reader.close();
  for (let count = 0; count < 3; count += 1) {
    writer.log('lost\n');
    await assert.rejects(writer.write('audit'), { code: 'EPIPE' });
  }
  await writer.drained();
});

test('a reader that comes later gets what is written then, and the number of log lines that are lost', async (t) => {
  const { writer, reader, openReader } = start(t);
  await reader.close();
  writer.log('lost\n');
  writer.log('lost\n');
  await assert.rejects(writer.write('refused'), { code: 'EPIPE' });
  writer.log('lost\n');
  await writer.drained();
  const next = openReader();
  next.start();
  await writer.write('{"audit":1}');
  await until('both lines have come', () => next.lines.length === 2);
  assert.deepEqual(
    next.lines.map((line) => JSON.parse(line)),
    [{ audit: 1 }, { level: 'warn', msg: 'log lines dropped', count: 3 }],
  );
});

test('when the reader goes away in the middle, whole lines count as written, the rest and all behind it do not', async (t) => {
  const { writer, reader, openReader } = start(t);
  const small = watch(writer.write('small'));
  const large = watch(writer.write('x'.repeat(mebibyte)));
  await giveTime();
  const behind = watch(writer.write('behind'));
  await reader.close();
  await writer.drained();
  assert.deepEqual([small.state, large.state, behind.state], ['written', 'EPIPE', 'EPIPE']);
  const next = openReader();
  next.start();
  await writer.write('whole');
  await until('the line has come', () => next.lines.at(-1) === 'whole');
  const [first, torn = '', ...more] = next.lines;
  assert.deepEqual([first, more], ['small', ['whole']]);
  assert.match(torn, /^x+$/);
});

test('a regular file gets the lines, too, behind what it holds', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peergate-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'out');
  const fd = openSync(path, 'a');
  t.after(() => closeSync(fd));
  const writer = new LineWriter(fd);
  await writer.write('first');
  writer.log('second\n');
  await Promise.all([writer.write('third'), writer.drained()]);
  assert.equal(readFileSync(path, 'utf8'), 'first\nsecond\nthird\n');
});
