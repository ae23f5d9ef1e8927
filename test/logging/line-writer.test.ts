// Lines on a real pipe: whole and in order whoever writes them, without ever waiting for a reader who does not read.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { openPipe, type PipeReader } from './pipe.ts';

const mebibyte = 1_048_576;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(test: TestContext, now?: () => number) {
  const pipe = openPipe(test);
  return { ...pipe, writer: new LineWriter(pipe.fd, now) };
}

const noticeOf = (count: number) => ({ level: 'warn', msg: 'log lines dropped', count });

/** What tests here write, beside text. */
interface WrittenLine {
  readonly audit?: number;
  readonly log?: number;
}

/** What has come when everything is written, each line parsed if it is JSON; the last one is the test's own. */
async function linesUntilLast(writer: LineWriter, reader: PipeReader): Promise<WrittenLine[]> {
  await writer.drained();
  await writer.write('"last"');
  await until('the last line has come', () => reader.lines.at(-1) === '"last"');
  return reader.lines.map((line) => (/^x+$/.test(line) ? line : JSON.parse(line)));
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
    writes.push(writer.write(JSON.stringify({ audit: count, text: '☃x'.repeat(count * 37) })));
    logger.info({ log: count, text: '☃x'.repeat(count * 3) });
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
  for (const { audit, log = 0, text } of records)
    assert.equal(text.length, audit === undefined ? log * 6 : audit * 74);
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
  const [, ...records] = await linesUntilLast(writer, reader);
  assert.deepEqual(
    records.slice(0, 100).map(({ audit }) => audit),
    Array.from({ length: 100 }, (_, index) => index * 100),
  );
  const kept = records.flatMap(({ log = [] }) => log);
  assert.deepEqual(
    kept,
    Array.from(kept, (_, index) => index),
  );
  assert.ok(kept.length > 3000 && kept.length < logged);
  assert.deepEqual(records[100], noticeOf(logged - kept.length));
  assert.equal(records.length, 100 + 1 + kept.length + 1);
  assert.equal(writer.dropped, logged - kept.length);
});

test('an audit line overtakes the log lines that wait; one that was begun is finished first', async (t) => {
  const { writer, reader } = start(t);
  const logged = 500;
  for (let count = 0; count < logged; count += 1)
    writer.log(`${JSON.stringify({ log: count, text: 'x'.repeat(1000) })}\n`);
  // The pipe is full of them.
  await giveTime();
  const audits = [0, 1, 2].map((audit) => writer.write(JSON.stringify({ audit })));
  reader.start();
  await Promise.all(audits);
  const records = await linesUntilLast(writer, reader);
  const first = records.findIndex(({ audit }) => audit === 0);
  assert.ok(first > 0 && first < 100, String(first));
  assert.deepEqual(
    records.splice(first, 3).map(({ audit }) => audit),
    [0, 1, 2],
  );
  assert.deepEqual(
    records.flatMap(({ log = [] }) => log),
    Array.from({ length: logged }, (_, index) => index),
  );
});

test('log lines that have waited for longer than 10 s are dropped and counted, those behind them are not', async (t) => {
  let now = 0;
  const { writer, reader } = start(t, () => now);
  writer.write('x'.repeat(mebibyte));
  await turn();
  for (let count = 0; count < 100; count += 1) writer.log(`${JSON.stringify({ old: count })}\n`);
  now += 5000;
  for (let count = 0; count < 100; count += 1) writer.log(`${JSON.stringify({ log: count })}\n`);
  now += 5001;
  reader.start();
  const [, notice, ...records] = await linesUntilLast(writer, reader);
  assert.deepEqual(notice, noticeOf(100));
  assert.deepEqual(
    records.flatMap(({ log = [] }) => log),
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.equal(writer.dropped, 100);
});

test('it says for how long nothing has been taken, and no longer when something has', async (t) => {
  let now = 0;
  const { writer, reader } = start(t, () => now);
  now += 1000;
  assert.equal(writer.blockedMs(), 0, 'there was nothing to write');
  // As much as a pipe holds, and one line more.
  for (let count = 0; count < 17; count += 1) writer.log(`${'x'.repeat(4095)}\n`);
  await giveTime();
  now += 20_000;
  // The line is too old by now, but that the reader stands still is not forgotten with it.
  await until('it has been tried again', () => writer.dropped > 0);
  assert.equal(writer.blockedMs(), 20_000);
  reader.start();
  await writer.drained();
  assert.equal(writer.blockedMs(), 0);
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

test('a regular file gets the lines, too, behind what it holds, audit lines first', async (t) => {
  const folder = temporaryFolder();
  const path = join(folder, 'out');
  const fd = openSync(path, 'a');
  t.after(() => closeSync(fd));
  const writer = new LineWriter(fd);
  await writer.write('first');
  writer.log('second\n');
  await Promise.all([writer.write('third'), writer.drained()]);
  assert.equal(readFileSync(path, 'utf8'), 'first\nthird\nsecond\n');
});
