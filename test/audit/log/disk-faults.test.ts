// The file sink on a broken disk: what fails is rejected with everything behind it, leaves nothing in the file, and goes
// in when the disk is well again, in its place.
import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import type { ErrorCode, Operation } from './broken-files.ts';
import { assertWhole, startSink, stopTheClock, textOf } from './start-sink.ts';

test('a full disk that took half of a batch keeps none of it, and takes all of it when there is room', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, text } = startSink(t);
  const first = next();
  await first.written;
  files.fillAfter(first.line.length * 2);
  const batch = [next(), next(), next(), next()];
  for (const { written } of batch) await assert.rejects(written, { code: 'ENOSPC' });
  assert.equal(await text(), `${first.line}\n`);
  files.heal();
  clock.pass(1000);
  for (const { line } of batch) await sink.write(line);
  assert.equal(await text(), textOf([first, ...batch].map(({ line }) => line)));
  await assertWhole([path], 5);
});

test('bytes that a failed sync left in the file are gone before anything else is written', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, text, setAside } = startSink(t);
  const first = next();
  await first.written;
  files.fail('fdatasync', 'EIO');
  files.fail('ftruncate', 'EIO');
  const { line, written } = next();
  await assert.rejects(written, { code: 'EIO' });
  assert.equal(await text(), textOf([first.line, line]));
  clock.pass(1000);
  await assert.rejects(sink.write(line), { code: 'EIO' });
  files.heal();
  clock.pass(1000);
  const reads = files.count('read');
  await sink.write(line);
  assert.ok(files.count('read') > reads, 'the tail is read');
  assert.equal(await text(), textOf([first.line, line]));
  await next().written;
  assert.deepEqual(await setAside(), []);
  await assertWhole([path], 3);
});

test('half a batch that could not be taken out of the file is taken out when the disk lets it', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, setAside } = startSink(t);
  const first = next();
  await first.written;
  files.fillAfter(first.line.length + 20);
  files.fail('ftruncate', 'EIO');
  const batch = [next(), next(), next()];
  for (const { written } of batch) await assert.rejects(written, { code: 'ENOSPC' });
  assert.equal((await readFile(path)).length, 2 * first.line.length + 21);
  files.heal();
  clock.pass(1000);
  for (const { line } of batch) await sink.write(line);
  assert.deepEqual(await setAside(), []);
  await assertWhole([path], 4);
});

test('a failed sync rejects what came in meanwhile, too', async (t) => {
  const { files, sink, next, text } = startSink(t);
  await sink.reopen();
  files.hang('fdatasync');
  const first = next();
  await until('it is synced', () => files.hung('fdatasync') === 1);
  const behind = [next(), next()];
  files.fail('fdatasync', 'EIO');
  const rejections = [first, ...behind].map(({ written }) => assert.rejects(written, { code: 'EIO' }));
  const failing = files.hung('fdatasync');
  assert.equal(failing, 1);
  files.letGo('fdatasync');
  await Promise.all(rejections);
  assert.equal(await text(), '');
});

test('right after a failure the disk is left alone, and a file without a line may be opened before the rejected one', async (t) => {
  const clock = stopTheClock(t);
  const { files, sink, next } = startSink(t);
  await sink.reopen();
  files.fail('write', 'EIO');
  const { line, written } = next();
  await assert.rejects(written, { code: 'EIO' });
  files.heal();
  await assert.rejects(sink.write(line), /not tried again yet/);
  clock.pass(1000);
  await sink.reopen();
  await sink.write(line);
});

test('no line comes before one that was rejected, whoever hands it over', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, text } = startSink(t);
  await sink.reopen();
  files.fail('write', 'EIO');
  const first = next();
  await assert.rejects(first.written, { code: 'EIO' });
  files.heal();
  clock.pass(1000);
  const second = next();
  await assert.rejects(second.written, /comes first/);
  await assert.rejects(second.written);
  assert.equal(await text(), '');
  await sink.write(first.line);
  await sink.write(second.line);
  await assertWhole([path], 2);
});

test('a disk that goes on failing is tried less and less often, never less than every 0.8 s, and reported once', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, failed } = startSink(t);
  await next().written;
  files.fail('write', 'EIO');
  const { line, written } = next();
  await assert.rejects(written, { code: 'EIO' });
  const pauses: number[] = [];
  for (let tries = 0; tries < 7; tries += 1) {
    let pause = 0;
    for (const calls = files.count('open'); files.count('open') === calls; pause += 10) {
      clock.pass(10);
      await assert.rejects(sink.write(line));
    }
    pauses.push(pause);
  }
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 800, 800]);
  assert.equal(failed.length, 1);
  files.heal();
  clock.pass(800);
  await sink.write(line);
  await assertWhole([path], 2);
  files.fail('write', 'EIO');
  await assert.rejects(next().written);
  assert.equal(failed.length, 2);
});

const faults: readonly (readonly [Operation, ErrorCode])[] = [
  ['open', 'EROFS'],
  ['open', 'ENOENT'],
  ['fstat', 'EIO'],
  ['read', 'EIO'],
  ['write', 'ENOSPC'],
  ['fdatasync', 'EIO'],
];
for (const [operation, code] of faults)
  test(`${operation} that fails with ${code} acknowledges nothing, leaves no descriptor and no bytes, and heals`, async (t) => {
    const clock = stopTheClock(t);
    const { path, files, sink, next, text } = startSink(t);
    const first = next();
    await first.written;
    // Makes it open the file again, where some of these calls are.
    await sink.reopen();
    files.fail(operation, code);
    const reopened = sink.reopen();
    const { line, written } = next();
    await Promise.allSettled([reopened]);
    await assert.rejects(written);
    for (let count = 0; count < 50; count += 1) {
      clock.pass(1000);
      await assert.rejects(sink.write(line), { code });
      assert.equal(files.openFiles, 0);
    }
    files.heal();
    clock.pass(1000);
    await sink.write(line);
    assert.equal(await text(), textOf([first.line, line]));
    await assertWhole([path], 2);
  });

test('a file whose path cannot be looked at acknowledges nothing until it has been opened again', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next } = startSink(t);
  await next().written;
  files.fail('stat', 'EIO');
  const { line, written } = next();
  await assert.rejects(written, { code: 'EIO' });
  assert.equal(files.openFiles, 0);
  clock.pass(1000);
  await sink.write(line);
  await assertWhole([path], 2);
});

const settingAside: readonly (readonly [string, Operation, ErrorCode, number])[] = [
  ['a full disk', 'write', 'ENOSPC', 0],
  ['a disk that cannot sync', 'fdatasync', 'EIO', 0],
  ['a folder that cannot be synced', 'fdatasync', 'EIO', 1],
  ['a file that only grows', 'ftruncate', 'EPERM', 0],
];
for (const [disk, operation, code, after] of settingAside)
  test(`${disk} sets nothing aside, leaves no litter and loses no byte, however often it is tried`, async (t) => {
    const clock = stopTheClock(t);
    const { path, files, sink, next, text, torn, setAside } = startSink(t);
    const first = next();
    await first.written;
    await appendFile(path, 'half a line');
    files.fail(operation, code, after);
    const { line, written } = next();
    await assert.rejects(written, { code });
    for (let count = 0; count < 5; count += 1) {
      files.fail(operation, code, after);
      clock.pass(1000);
      await assert.rejects(sink.write(line), { code });
    }
    assert.deepEqual(await setAside(), []);
    assert.equal(await text(), `${first.line}\nhalf a line`);
    assert.deepEqual(torn, []);
    files.heal();
    clock.pass(1000);
    await sink.write(line);
    assert.equal((await setAside()).length, 1);
    assert.equal(torn.length, 1);
    assert.equal(await text(), textOf([first.line, line]));
    await assertWhole([path], 2);
  });

test('a failure takes no bytes of somebody else out of the file', async (t) => {
  const clock = stopTheClock(t);
  const { path, files, sink, next, text } = startSink(t);
  const first = next();
  await first.written;
  files.fail('fdatasync', 'EIO');
  files.before = async (operation) => {
    if (operation !== 'fdatasync') return;
    files.before = async () => undefined;
    await appendFile(path, 'a line of somebody else\n');
  };
  const { line, written } = next();
  await assert.rejects(written, { code: 'EIO' });
  const left = textOf([first.line, line, 'a line of somebody else']);
  assert.equal(await text(), left);
  // Nobody can tell who wrote what, so nothing more is written.
  files.heal();
  clock.pass(1000);
  await assert.rejects(sink.write(line));
  assert.equal(await text(), left);
});
