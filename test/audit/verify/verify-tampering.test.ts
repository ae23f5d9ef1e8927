// Whatever was done to a log is found, told once, at its line, and called what it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  altered,
  breaksIn,
  descriptions,
  forgedLine,
  headOf,
  makeLog,
  rechained,
  reworded,
  shortBreaks,
  startOfTime,
  verify,
} from './chained-log.ts';

const log = makeLog(20);
const line = (number: number): string => log[number - 1] as string;
const replaced = (number: number, by: string): string[] => log.with(number - 1, by);
const put = (before: number, ...lines: readonly string[]): string[] => log.toSpliced(before - 1, 0, ...lines);
const hashOf = (number: number): string => headOf(line(number)).hash;

/** What it says about itself, and how that is changed. */
const changes: Readonly<Record<string, (text: string) => string>> = {
  'its content': reworded,
  'its instance': (text) =>
    altered(text, (record) => {
      record.metadata.reporter.uid = 'another';
    }),
  'its number, to a high one': (text) =>
    altered(text, (record) => {
      record.metadata.sequence = 77;
    }),
  'its number, to a low one': (text) =>
    altered(text, (record) => {
      record.metadata.sequence = 4;
    }),
  'its number, to no number': (text) =>
    altered(text, (record) => {
      record.metadata.sequence = 'ten';
    }),
  'the hash of the one before': (text) =>
    altered(text, (record) => {
      record.unmapped.integrity.previous = 'a'.repeat(64);
    }),
  'its place in the chain, removed': (text) =>
    altered(text, (record) => {
      record.metadata = {};
      record.unmapped = 3;
    }),
  everything: () => forgedLine(50),
  'its line end': (text) => `${text}\r`,
};

for (const [what, change] of Object.entries(changes)) {
  test(`a changed record is found and named: ${what}`, async (t) => {
    for (const number of [1, 10, 18]) {
      const found = await breaksIn(t, replaced(number, change(line(number))));
      assert.deepEqual(found, [`changed ${number} #${number}`]);
    }
    // Of the last two, nobody can say which is the true one.
    const near = await breaksIn(t, replaced(19, change(line(19))));
    assert.match(near.join(), /^changed 19 #19(-20)?$/);
  });
}

test('the description of a changed record says why it is thought so', async (t) => {
  const describe = async (number: number, text: string) =>
    descriptions(await verify(t, replaced(number, text)));
  assert.deepEqual(await describe(10, reworded(line(10))), [
    'Record 10 was changed: record 11 holds another hash of it.',
  ]);
  assert.deepEqual(await describe(10, forgedLine(10)), [
    'Record 10 was changed, and perhaps the one before it.',
  ]);
  assert.deepEqual(await describe(10, forgedLine(50)), ['Record 10 was changed: it carries the number 50.']);
  assert.deepEqual(await describe(20, forgedLine(20)), [
    'Record 19 or 20 was changed: the later does not hold the hash of the earlier.',
  ]);
});

test('a record that is none any more is missing, at the record behind it', async (t) => {
  const other = altered(line(10), (record) => {
    record.class_uid = 6004;
  });
  for (const gone of [other, line(10).slice(1), '', 'x'.repeat(2_000_000)])
    assert.deepEqual(await breaksIn(t, replaced(10, gone)), ['missing 11 #10']);
});

test('records changed one after the other are one break', async (t) => {
  const found = await verify(
    t,
    log.map((text) => `${text}\r`),
  );
  assert.deepEqual(shortBreaks(found), ['changed 2 #2-19']);
  assert.deepEqual(descriptions(found), ['Records 2 to 19 were changed.']);
});

test('removed records are missing: one, many, the first, across files', async (t) => {
  assert.deepEqual(await breaksIn(t, log.toSpliced(9, 1)), ['missing 10 #10']);
  assert.deepEqual(await breaksIn(t, log.toSpliced(4, 10)), ['missing 5 #5-14']);
  assert.deepEqual(await breaksIn(t, log.slice(7)), ['missing 1 #1-7']);
  assert.deepEqual(await breaksIn(t, log.slice(19)), ['missing 1 #1-19']);
  assert.deepEqual(await breaksIn(t, log.toSpliced(12, 2).toSpliced(4, 1)), [
    'missing 5 #5',
    'missing 12 #13-14',
  ]);
  assert.deepEqual(await breaksIn(t, { a: log.slice(0, 8), b: log.slice(11) }), ['missing b:1 #9-11']);
  assert.deepEqual(descriptions(await verify(t, log.toSpliced(4, 10))), [
    'Records 5 to 14 are missing or unreadable.',
  ]);
});

test('a record that nobody wrote was put in: with any number, at any place before the end', async (t) => {
  for (const before of [1, 2, 10, 20]) {
    for (const number of [before, before + 1, 999_999]) {
      assert.deepEqual(await breaksIn(t, put(before, forgedLine(number))), [`inserted ${before} #${number}`]);
    }
    assert.deepEqual(await breaksIn(t, put(before, forgedLine(0))), [`inserted ${before} #0`]);
  }
});

test('a record put in with a valid hash of the one before is a fork, at its own line', async (t) => {
  assert.deepEqual(await breaksIn(t, put(10, forgedLine(10, hashOf(9)))), ['inserted 10 #10']);
  assert.deepEqual(await breaksIn(t, put(10, forgedLine(6, hashOf(5)))), ['inserted 10 #6']);
  const branch = rechained(makeLog(3), headOf(line(9)));
  const found = await verify(t, put(10, ...branch));
  assert.deepEqual(shortBreaks(found), ['inserted 10 #10-12']);
  assert.deepEqual(descriptions(found), [
    'Records 10 to 12 are one of two different continuations of record 9; one was put in.',
  ]);
  const after = headOf(line(9));
  assert.deepEqual(await breaksIn(t, [forgedLine(10, hashOf(9)), ...log.slice(9)], { after }), [
    'inserted 1 #10',
  ]);
});

test('copies of records were put in: beside them, far away, several at once, a whole file', async (t) => {
  assert.deepEqual(await breaksIn(t, put(10, line(10))), ['inserted 11 #10']);
  assert.deepEqual(await breaksIn(t, put(18, line(2))), ['inserted 18 #2']);
  assert.deepEqual(await breaksIn(t, [...log, line(2)]), ['inserted 21 #2']);
  assert.deepEqual(await breaksIn(t, put(15, ...log.slice(4, 9))), ['inserted 15 #5-9']);
  assert.deepEqual(await breaksIn(t, put(3, line(15))), ['inserted 3 #15']);
  assert.deepEqual(await breaksIn(t, put(3, ...log.slice(11, 15))), ['inserted 3 #12-15']);
  assert.deepEqual(await breaksIn(t, { a: log, b: log }), ['inserted b:1 #1-20']);
});

test('two lines that were swapped are out of order', async (t) => {
  const swapped = replaced(10, line(11)).with(10, line(10));
  const found = await verify(t, { 'audit.log': swapped });
  assert.deepEqual(shortBreaks(found), ['out-of-order 10 #11']);
  assert.deepEqual(descriptions(found), ['Record 11 stands before record 10 (audit.log:11).']);
  assert.deepEqual(await breaksIn(t, [line(2), line(1), ...log.slice(2)]), ['out-of-order 1 #2']);
  assert.deepEqual(await breaksIn(t, [...log.slice(0, 18), line(20), line(19)]), ['out-of-order 19 #20']);
  const far = replaced(4, line(14)).with(13, line(4));
  assert.deepEqual(await breaksIn(t, far), ['out-of-order 4 #14', 'out-of-order 14 #4']);
});

test('a record or a block that was moved is out of order, and not what it was moved past', async (t) => {
  const found = await verify(t, [...log.toSpliced(4, 1), line(5)]);
  assert.deepEqual(shortBreaks(found), ['out-of-order 20 #5']);
  assert.deepEqual(descriptions(found), ['Record 5 stands behind record 20 (from audit.log:5 on).']);
  assert.deepEqual(await breaksIn(t, [line(15), ...log.toSpliced(14, 1)]), ['out-of-order 1 #15']);
  const block = [...log.slice(0, 5), ...log.slice(12, 15), ...log.slice(5, 12), ...log.slice(15)];
  assert.deepEqual(await breaksIn(t, block), ['out-of-order 6 #13-15']);
});

test('files in another order than they were written in are out of order, and otherwise whole', async (t) => {
  const [a, b, c] = [log.slice(0, 9), log.slice(9, 12), log.slice(12)];
  assert.deepEqual(await breaksIn(t, { b: log.slice(9), a }), ['out-of-order a:1 #1-9']);
  assert.deepEqual(await breaksIn(t, { a, c, b }), ['out-of-order b:1 #10-12']);
  const { chains, last } = await verify(t, { c, a, b });
  assert.deepEqual([chains, last?.sequence], [1, 20]);
});

test('whoever cuts out records and makes all hashes anew leaves one jump in the numbers', async (t) => {
  let previous = hashOf(4);
  const forged = log.slice(6).map((text) => {
    const made = altered(text, (record) => {
      record.unmapped.integrity.previous = previous;
    });
    previous = headOf(made).hash;
    return made;
  });
  assert.deepEqual(await breaksIn(t, [...log.slice(0, 4), ...forged]), ['changed 5 #5']);
});

test('in the output of two instances, a break is told of the one that it is in', async (t) => {
  const [a, b] = [makeLog(20, { instance: 'a' }), makeLog(10, { instance: 'b' })];
  const mixed = a.flatMap((text, index) => (index % 2 === 1 ? [text, b[(index - 1) / 2] as string] : [text]));
  const without = (...gone: (string | undefined)[]) => mixed.filter((text) => !gone.includes(text));
  const changed = (of: string | undefined) => mixed.map((text) => (text === of ? reworded(text) : text));
  assert.deepEqual(await breaksIn(t, without(a[7])), ['missing 12 #8']);
  assert.deepEqual(await breaksIn(t, without(b[5])), ['missing 20 #6']);
  assert.deepEqual(await breaksIn(t, without(b[0], b[1])), ['missing 7 #1-2']);
  assert.deepEqual(await breaksIn(t, changed(a[7])), ['changed 11 #8']);
  assert.deepEqual(await breaksIn(t, changed(b[0])), ['changed 3 #1']);
});

test('the first records of a later run that are gone are missing from that run', async (t) => {
  const later = makeLog(30, { time: startOfTime + 1e6 });
  assert.deepEqual(await breaksIn(t, [...log, ...later.slice(2)]), ['missing 21 #1-2']);
});
