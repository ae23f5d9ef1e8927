// The file sink on a disk that is well: what it acknowledges is durable, in order, and shares its syncs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { AuditTrail } from '../../../src/audit/log/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import { until } from '../../support/until.ts';
import { assertWhole, event, linesOf, startSink, textOf } from './start-sink.ts';

test('a line is acknowledged when its sync has returned, and no sooner', async (t) => {
  const { sink, files, next, text } = startSink(t);
  await sink.reopen();
  files.hang('fdatasync');
  let acknowledged = false;
  const { line, written } = next();
  void written.then(() => {
    acknowledged = true;
  });
  await until('it is synced', () => files.hung('fdatasync') === 1);
  assert.equal(await text(), `${line}\n`);
  assert.equal(acknowledged, false);
  files.heal();
  await written;
});

test('all lines that wait share one write and one sync', async (t) => {
  const { sink, files, next, path } = startSink(t);
  await sink.reopen();
  files.hang('fdatasync');
  const first = next();
  await until('the first is synced', () => files.hung('fdatasync') === 1);
  const before = { syncs: files.count('fdatasync'), writes: files.count('write') };
  const others = Array.from({ length: 256 }, next);
  files.heal();
  await Promise.all([first, ...others].map(({ written }) => written));
  assert.equal(files.count('fdatasync') - before.syncs, 1);
  assert.equal(files.count('write') - before.writes, 1);
  assert.equal(await readFile(path, 'utf8'), textOf([first, ...others].map(({ line }) => line)));
});

test('many writers at once make one whole chain, each line acknowledged in its order', async (t) => {
  const { sink, chain, path, files } = startSink(t);
  const trail = new AuditTrail(chain, sink, systemClock);
  const acknowledged: number[] = [];
  const writer = async (id: number): Promise<void> => {
    for (let count = 0; count < 25; count += 1) {
      await trail.record(event(`writer-${id}`));
      acknowledged.push(id);
    }
  };
  await Promise.all(Array.from({ length: 32 }, (_, id) => writer(id)));
  const codes = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).metadata.event_code);
  assert.deepEqual(
    codes,
    acknowledged.map((id) => `writer-${id}`),
  );
  assert.ok(files.count('fdatasync') < 400, `${files.count('fdatasync')} syncs`);
  await assertWhole([path], 800);
});

test('a line that comes in just as another was acknowledged waits for nobody', async (t) => {
  const { sink, next, path } = startSink(t);
  // So many turns lie between the acknowledgement and the next line.
  const after = async (turns: number): Promise<void> => {
    if (turns === 0) return await next().written;
    await after(turns - 1);
  };
  for (let turns = 0; turns < 12; turns += 1) {
    await after(turns);
    let written = false;
    const last = next().written.then(() => {
      written = true;
    });
    await until(`a line ${turns} turns later is written`, () => written, 2000);
    await last;
  }
  await sink.close();
  await assertWhole([path], 24);
});

test('letters of every length are written as they are', async (t) => {
  const { sink, path } = startSink(t);
  const lines = ['é', '€', '😀', '"\\ud800"'].map((letters) => letters.repeat(1000));
  await Promise.all(lines.map((line) => sink.write(line)));
  assert.equal(await readFile(path, 'utf8'), textOf(lines));
});

test('a batch that is larger than any before fits, and one that is smaller brings nothing of it', async (t) => {
  const { sink, chain, path } = startSink(t);
  const [big, small] = [linesOf(chain, 500), linesOf(chain, 1)];
  await Promise.all(big.map((line) => sink.write(line)));
  await Promise.all(small.map((line) => sink.write(line)));
  assert.equal(await readFile(path, 'utf8'), textOf([...big, ...small]));
  await assertWhole([path], 501);
});

test('close waits for what was taken, closes the file, and takes nothing more', async (t) => {
  const { sink, files, next, text } = startSink(t);
  await sink.reopen();
  files.hang('fdatasync');
  const { line, written } = next();
  await until('it is synced', () => files.hung('fdatasync') === 1);
  const behind = next();
  const closed = sink.close();
  await assert.rejects(next().written, /closed/);
  await assert.rejects(sink.reopen(), /closed/);
  files.heal();
  await Promise.all([written, behind.written, closed]);
  assert.equal(await text(), textOf([line, behind.line]));
  assert.equal(files.openFiles, 0);
});

test('a reopening that is asked for while the disk hangs comes behind what is being written', async (t) => {
  const { sink, files, next, path } = startSink(t);
  await next().written;
  files.hang('fdatasync');
  const { written } = next();
  await until('it is synced', () => files.hung('fdatasync') === 1);
  const opened = files.count('open');
  const reopened = sink.reopen();
  const behind = next();
  assert.equal(files.count('open'), opened);
  files.heal();
  await Promise.all([written, reopened, behind.written]);
  assert.equal(files.count('open'), opened + 1);
  await assertWhole([path], 3);
});
