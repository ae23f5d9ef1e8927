// However broken a log is, and however many chains it has, what is remembered of it is bounded, and nothing that was
// forgotten makes a whole log look broken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaksIn, descriptions, forgedLine, makeLog, shortBreaks, verify } from './chained-log.ts';

test('twelve thousand runs on standard output are as many whole chains', async (t) => {
  const runs = Array.from({ length: 12_000 }, () => makeLog(1)).flat();
  const { chains, breaks } = await verify(t, runs);
  assert.deepEqual([chains, breaks], [12_000, []]);
});

test('of more breaks than anybody can read, 10,000 are told, and that there are more', async (t) => {
  const log = makeLog(10_100);
  const forged = log.flatMap((line, index) => [line, forgedLine(index)]);
  const { breaks } = await verify(t, forged);
  assert.equal(breaks.length, 10_001);
  assert.equal(
    breaks.some(({ description }) => description === 'There are more breaks than can be told.'),
    true,
  );
});

test('a log that is given twice is a copy, however long it is, and does not take the place of the first', async (t) => {
  const log = makeLog(25_000);
  const rest = log.splice(24_000);
  const found = await verify(t, { a: log, b: log, rest });
  assert.deepEqual(shortBreaks(found), ['inserted b:1 #1-24000']);
  assert.deepEqual(descriptions(found), ['A copy of the chain up to record 24000 was put in.']);
  assert.deepEqual([found.chains, found.last?.sequence], [1, 25_000]);
});

test('files in the wrong order are joined, however long they are', async (t) => {
  const log = makeLog(30_000);
  assert.deepEqual(await breaksIn(t, { b: log.slice(12_000), a: log.slice(0, 12_000) }), [
    'out-of-order a:1 #1-12000',
  ]);
});

test('a copy whose original is long forgotten was put in all the same', async (t) => {
  const log = makeLog(25_000);
  assert.deepEqual(await breaksIn(t, log.toSpliced(24_000, 0, log[4] as string)), ['inserted 24001 #5']);
});
