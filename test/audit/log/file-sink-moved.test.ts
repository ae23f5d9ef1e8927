// The file sink whose file is renamed, deleted, cut or written to by somebody else: nothing is acknowledged in a file that
// is not at its path, nothing runs into a line, and nobody else's bytes are lost.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FileSink } from '../../../src/audit/log/file-sink.ts';
import { findTail } from '../../../src/audit/log/find-tail.ts';
import { systemFiles } from '../../../src/audit/log/log-file-system.ts';
import { assertWhole, linesOf, newChain, startSink, stopTheClock, textOf } from './start-sink.ts';

test('a renamed file is noticed before the next record is acknowledged, and the chain runs on in a new one', async (t) => {
  const { path, next, text, reopened } = startSink(t);
  await next().written;
  await rename(path, `${path}.1`);
  const { line, written } = next();
  await written;
  assert.equal(await text(), `${line}\n`);
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.equal(reopened(), 1);
  await assertWhole([`${path}.1`, path], 2);
});

test('a renamed file in whose place another was put is left, too', async (t) => {
  const { path, next, text } = startSink(t);
  await next().written;
  await rename(path, `${path}.1`);
  await writeFile(path, '');
  const { line, written } = next();
  await written;
  assert.equal(await text(), `${line}\n`);
  await assertWhole([`${path}.1`, path], 2);
});

test('a deleted file is noticed before the next record is acknowledged', async (t) => {
  const { path, next, text, reopened } = startSink(t);
  await next().written;
  await unlink(path);
  const { line, written } = next();
  await written;
  assert.equal(await text(), `${line}\n`);
  assert.equal(JSON.parse(line).metadata.sequence, 2);
  assert.equal(reopened(), 1);
});

test('a folder that is gone takes no record, and takes them again when it is back', async (t) => {
  const clock = stopTheClock(t);
  const { path, sink, next, text } = startSink(t);
  await next().written;
  await rename(dirname(path), `${dirname(path)}.away`);
  t.after(() => rm(`${dirname(path)}.away`, { recursive: true }));
  const { line, written } = next();
  await assert.rejects(written, { code: 'ENOENT' });
  await mkdir(dirname(path));
  clock.pass(1000);
  await sink.write(line);
  assert.equal(await text(), `${line}\n`);
  await assertWhole([join(`${dirname(path)}.away`, 'audit.log'), path], 2);
});

test('a file that was copied and cut to nothing begins again at its start, without a hole', async (t) => {
  const { path, next, text } = startSink(t);
  await next().written;
  await writeFile(`${path}.1`, await readFile(path));
  await truncate(path, 0);
  const { line, written } = next();
  await written;
  assert.equal(await text(), `${line}\n`);
  await assertWhole([`${path}.1`, path], 2);
});

test('a file that is cut between the write and its sync is not taken for good', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next } = startSink(t);
  await next().written;
  await writeFile(`${path}.1`, await readFile(path));
  let cut = false;
  files.before = async (operation) => {
    if (operation !== 'write' || cut) return;
    cut = true;
    await truncate(path, 0);
  };
  const { line, written } = next();
  await assert.rejects(written, /somebody else/);
  clock.pass(1000);
  await sink.write(line);
  await next().written;
  await assertWhole([`${path}.1`, path], 3);
});

test('what somebody else left unfinished is set aside, byte for byte, and no record runs into it', async (t) => {
  const { path, next, text, torn, setAside } = startSink(t);
  const first = next();
  await first.written;
  const foreign = Buffer.from([0x68, 0x69, 0x00, 0xff, 0x80]);
  await appendFile(path, foreign);
  const second = next();
  await second.written;
  assert.equal(await text(), textOf([first.line, second.line]));
  const [name, ...more] = await setAside();
  assert.deepEqual(more, []);
  assert.deepEqual(await readFile(join(dirname(path), name ?? '')), foreign);
  const sha256 = createHash('sha256').update(foreign).digest('hex');
  assert.deepEqual(torn, [{ file: name, bytes: 5, sha256 }]);
  await assertWhole([path], 2);
});

test('whole lines of somebody else stay where they are, and the chain runs on behind them', async (t) => {
  const { path, next, text, setAside } = startSink(t);
  const first = next();
  await first.written;
  await appendFile(path, 'rotated by hand\n');
  const second = next();
  await second.written;
  assert.equal(await text(), textOf([first.line, 'rotated by hand', second.line]));
  assert.deepEqual(await setAside(), []);
  await assertWhole([path], 2);
});

for (const foreign of ['half a line', 'a whole line\n'])
  test(`bytes that get in just before a record (${JSON.stringify(foreign)}) leave no merged record`, async (t) => {
    const clock = stopTheClock(t);
    const { path, files, sink, next, text } = startSink(t);
    const first = next();
    await first.written;
    let appended = false;
    files.before = async (operation) => {
      if (operation !== 'write' || appended) return;
      appended = true;
      await appendFile(path, foreign);
    };
    const { line, written } = next();
    await assert.rejects(written, /somebody else/);
    assert.equal(await text(), `${first.line}\n${foreign}`);
    clock.pass(1000);
    await sink.write(line);
    assert.deepEqual((await text()).split('\n').at(-2), line);
    await assertWhole([path], 2);
  });

test('a record that somebody else chained on is never followed by another one', async (t) => {
  const clock = stopTheClock(t);
  const { path, sink, next, text } = startSink(t);
  await next().written;
  const { head } = await findTail(systemFiles, path, undefined);
  const [theirs = ''] = linesOf(newChain(head), 1);
  await appendFile(path, `${theirs}\n`);
  const before = await text();
  const { line, written } = next();
  await assert.rejects(written, /somebody else writes to the audit file/);
  for (let count = 0; count < 3; count += 1) {
    clock.pass(1000);
    await assert.rejects(sink.write(line), /somebody else writes to the audit file/);
  }
  assert.equal(await text(), before);
  await assertWhole([path], 2);
});

test('of two sinks that write to one file at once, no two acknowledge the same place in the chain', async (t) => {
  const clock = stopTheClock(t);
  const { path, sink, chain, next } = startSink(t);
  await next().written;
  const { head } = await findTail(systemFiles, path, undefined);
  const none = (): void => undefined;
  const events = { torn: none, reopened: none, failed: none };
  const other = new FileSink({ path, head, now: Date.now, events });
  t.after(() => other.close());
  await other.reopen();
  const rival = newChain(head);
  const [ours, theirs] = [linesOf(chain, 20), linesOf(rival, 20)];
  let acknowledged = 1;
  for (const [index, line] of ours.entries()) {
    clock.pass(1000);
    const results = await Promise.allSettled([sink.write(line), other.write(theirs[index] ?? '')]);
    acknowledged += results.filter(({ status }) => status === 'fulfilled').length;
    if (results.some(({ status }) => status === 'rejected')) break;
  }
  assert.ok(acknowledged <= 2);
  clock.pass(1000);
  await Promise.allSettled([sink.reopen(), other.reopen()]);
  await assertWhole([path], acknowledged);
});
