// Whatever is done to a log is found, told once, at its line, and called what it is; and not told of other records.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  altered,
  descriptions,
  findingsIn,
  fingerprinted,
  headOf,
  makeLog,
  rechained,
  reworded,
  shortFindings,
  startOfTime,
  verify,
} from './chained-log.ts';

const log = makeLog(20);
const line = (number: number): string => log[number - 1] as string;
const replaced = (number: number, by: string): string[] => log.with(number - 1, by);
const put = (before: number, ...lines: readonly string[]): string[] => log.toSpliced(before - 1, 0, ...lines);

/** What a record says about itself, and how that is changed. */
const changes: Readonly<Record<string, (text: string) => string>> = {
  'its content': reworded,
  'its instance': (text) =>
    altered(text, (record) => {
      record.metadata.reporter.uid = 'another';
    }),
  'the fingerprint of the one before': (text) =>
    altered(text, (record) => {
      const [attestation] = record.attestation_list;
      if (attestation.prev_event === undefined) record.note = 'x';
      else attestation.prev_event.fingerprint.value = 'a'.repeat(64);
    }),
  'a number that no JSON reader keeps': (text) =>
    altered(text, (record) => {
      record.duration = 1e300;
    }),
  'an unpaired surrogate': (text) => text.replace('"class_uid"', String.raw`"note":"\ud800","class_uid"`),
  'a member that is named twice': (text) => text.replace('"class_uid"', '"time":1,"class_uid"'),
};

for (const [what, change] of Object.entries(changes)) {
  test(`a changed record is found and named, and no other: ${what}`, async () => {
    for (const number of [1, 10, 19, 20]) {
      const found = await findingsIn(replaced(number, change(line(number))));
      assert.deepEqual(found, [`changed ${number} #${number}`]);
    }
  });
}

test('a record that was changed and fingerprinted anew is the one that later records contradict', async () => {
  const found = await verify(replaced(10, fingerprinted(reworded(line(10)))));
  assert.deepEqual(shortFindings(found), ['changed 10 #10']);
  assert.deepEqual(descriptions(found), ['Record 10: the next record refers to another fingerprint.']);
  const other = altered(line(10), (record) => {
    record.attestation_list[0].prev_event.fingerprint.value = 'a'.repeat(64);
  });
  const forged = await findingsIn(replaced(10, fingerprinted(other)));
  assert.deepEqual(forged, ['foreign 10 #10']);
});

test('a record with another number is missing where it was', async () => {
  const numbered = (sequence: unknown) =>
    altered(line(10), (record) => {
      record.metadata.sequence = sequence;
    });
  for (const [number, shown] of [
    [4, 4],
    ['ten', 0],
  ]) {
    const found = await findingsIn(replaced(10, numbered(number)));
    assert.deepEqual(found, [`foreign 10 #${shown}`, 'missing 11 #10']);
  }
});

test('a record that is none any more is missing, and unreadable if it still looks like one', async () => {
  const other = altered(line(10), (record) => {
    record.class_uid = 6004;
  });
  for (const gone of [other, '', 'x'.repeat(2_000_000)])
    assert.deepEqual(await findingsIn(replaced(10, gone)), ['missing 11 #10']);
  for (const broken of [line(10).slice(0, -1), line(10).replace(':', ';')])
    assert.deepEqual(await findingsIn(replaced(10, broken)), ['unreadable 10 #0', 'missing 11 #10']);
});

test('neighbouring records of which the same is to be said are one finding', async () => {
  const found = await verify(log.map(reworded));
  assert.deepEqual(shortFindings(found), ['changed 1 #1-20']);
  assert.deepEqual(descriptions(found), ['Records 1 to 20: content and fingerprint do not match.']);
});

test('removed records are missing: one, many, the first, across files', async () => {
  assert.deepEqual(await findingsIn(log.toSpliced(9, 1)), ['missing 10 #10']);
  assert.deepEqual(await findingsIn(log.toSpliced(4, 10)), ['missing 5 #5-14']);
  assert.deepEqual(await findingsIn(log.slice(7)), ['missing 1 #1-7']);
  assert.deepEqual(await findingsIn(log.toSpliced(12, 2).toSpliced(4, 1)), [
    'missing 5 #5',
    'missing 12 #13-14',
  ]);
  assert.deepEqual(await findingsIn({ a: log.slice(0, 8), b: log.slice(11) }), ['missing b:1 #9-11']);
});

test('a record that nobody wrote is foreign, whatever number it takes', async () => {
  const forged = rechained([reworded(line(10))], headOf(line(9)))[0] as string;
  assert.deepEqual(await findingsIn(put(10, forged)), ['foreign 10 #10']);
  assert.deepEqual(descriptions(await verify(put(10, forged))), [
    'Record 10: the chain refers to another record with this number.',
  ]);
  assert.deepEqual(await findingsIn(put(11, forged)), ['foreign 11 #10']);
  const branch = rechained(makeLog(3), headOf(line(9)));
  assert.deepEqual(await findingsIn(put(10, ...branch)), ['foreign 10 #10-12']);
  const placeless = altered(line(10), (record) => {
    delete (record as { attestation_list?: unknown }).attestation_list;
  });
  assert.deepEqual(await findingsIn(put(10, placeless)), ['foreign 10 #0']);
  assert.deepEqual(descriptions(await verify(put(10, placeless))), ['A record: no place in a chain.']);
  // Its chain has no beginning.
  assert.deepEqual(await findingsIn(put(10, makeLog(8)[5] as string)), ['missing 10 #1-5']);
});

test('of two last records the one that follows from the record before counts, wherever the other one stands', async () => {
  const forged = fingerprinted(
    altered(line(20), (record) => {
      record.attestation_list[0].prev_event.fingerprint.value = 'a'.repeat(64);
    }),
  );
  assert.deepEqual(await findingsIn(put(20, forged)), ['foreign 20 #20']);
  assert.deepEqual(await findingsIn([...log, forged]), ['foreign 21 #20']);
  assert.deepEqual(await findingsIn(replaced(20, forged)), ['foreign 20 #20']);
  const branch = rechained([reworded(line(19)), line(20)], headOf(line(18)));
  assert.deepEqual(await findingsIn([...log.slice(0, 18), branch[0] ?? '', ...log.slice(18)]), [
    'foreign 19 #19',
  ]);
});

test('copies of records are duplicated: beside them, far away, several, a whole file', async () => {
  assert.deepEqual(await findingsIn(put(10, line(10))), ['duplicated 11 #10']);
  assert.deepEqual(await findingsIn([...log, line(2)]), ['duplicated 21 #2']);
  assert.deepEqual(await findingsIn(put(15, ...log.slice(4, 9))), ['duplicated 15 #5-9']);
  assert.deepEqual(await findingsIn({ a: log, b: log }), ['duplicated b:1 #1-20']);
  assert.deepEqual(await findingsIn([...log, reworded(line(5))]), ['changed 21 #5']);
});

test('the order of records and files means nothing', async () => {
  const [a, b, c] = [log.slice(0, 9), log.slice(9, 12), log.slice(12)];
  const { chains, last, findings } = await verify({ c, a: a.toReversed(), b });
  assert.deepEqual([chains, last?.sequence, findings], [1, 20, []]);
});

test('in the output of two instances, a finding names the chain that it is in', async () => {
  const [a, b] = [makeLog(20, { instance: 'a' }), makeLog(10, { instance: 'b' })];
  const mixed = a.flatMap((text, index) => (index % 2 === 1 ? [text, b[(index - 1) / 2] as string] : [text]));
  const without = (...gone: (string | undefined)[]) => mixed.filter((text) => !gone.includes(text));
  assert.deepEqual(await findingsIn(without(a[7])), ['missing 12 #8']);
  assert.deepEqual(await findingsIn(without(b[0], b[1])), ['missing 7 #1-2']);
  const { findings } = await verify(mixed.map((text) => (text === b[5] ? reworded(text) : text)));
  assert.deepEqual(
    findings.map(({ kind, chain }) => [kind, chain]),
    [['changed', headOf(b[0]).chain]],
  );
});

test('the first records of a later run that are gone are missing from that run', async () => {
  const later = makeLog(30, { time: startOfTime + 1e6 });
  assert.deepEqual(await findingsIn([...log, ...later.slice(2)]), ['missing 21 #1-2']);
});

test('a record with a value that is nested very deep, or that is no text where text belongs, is one that was changed', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const value of [deep, `{"a":${deep}}`, '{"toString":1,"valueOf":1}']) {
    const put = (text: string, member: string) =>
      text.replace(new RegExp(`"${member}":[^,}]+`), `"${member}":${value}`);
    const forged: readonly string[] = [
      put(line(10), 'type_uid'),
      altered(line(10), (record) => {
        Object.assign(record, { api: { request: '@here@' } });
        Object.assign(record.metadata, { event_code: 'peering.create.intent' });
      }).replace('"@here@"', value),
      altered(line(10), (record) => {
        record.unmapped.checkpoint = '@here@';
        Object.assign(record.metadata, { event_code: 'audit.checkpoint' });
      }).replace('"@here@"', value),
    ];
    for (const text of forged) assert.deepEqual(await findingsIn(replaced(10, text)), ['changed 10 #10']);
  }
});
