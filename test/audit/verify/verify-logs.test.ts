// A log that nobody touched: whatever files it is in, and whatever else stands in them, there is nothing to be found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  altered,
  descriptions,
  fingerprinted,
  headOf,
  makeLog,
  rechained,
  reworded,
  shortFindings,
  startOfTime,
  verify,
} from './chained-log.ts';

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const lastOf = (log: readonly string[]) => {
  const { sequence, fingerprint } = headOf(log.at(-1));
  return { sequence, fingerprint };
};
const logLine = JSON.stringify({ level: 30, msg: 'request served', note: '"class_uid":6003' });

test('one chain in one file is whole, and the last record is what a later check continues from', async () => {
  const log = makeLog(50);
  const found = await verify(log);
  assert.deepEqual(found, {
    records: 50,
    otherLines: 0,
    chains: 1,
    last: lastOf(log),
    findings: [],
    moreFindings: 0,
    openIntents: [],
    signed: undefined,
  });
});

test('a file without records holds none, and its lines are counted', async () => {
  for (const [log, others] of [
    [[], 0],
    [[logLine, '', 'null', '{"half', '[]', '{"class_uid":6003}'], 4],
  ] as const) {
    const { records, otherLines, chains, last, findings } = await verify(log);
    assert.deepEqual([records, otherLines, chains, last, findings], [0, others, 0, undefined, []]);
  }
});

test('several runs on standard output between log lines are as many whole chains', async () => {
  const runs = [3, 1, 12].map((count, run) => makeLog(count, { time: startOfTime + run * 1e6 }));
  const log = runs.flatMap((run) => [logLine, ...run.flatMap((line) => [line, logLine])]);
  const { records, otherLines, chains, findings } = await verify(log);
  assert.deepEqual(
    { records, otherLines, chains, findings },
    { records: 16, otherLines: 19, chains: 3, findings: [] },
  );
});

test('the output of two instances in one file is two whole chains, however it is interleaved', async () => {
  const [a, b] = [makeLog(9, { instance: 'a' }), makeLog(6, { instance: 'b' })];
  const log = a.flatMap((line, index) => [line, ...b.slice(index * 2, index * 2 + 2)]);
  const { records, chains, findings } = await verify(log);
  assert.deepEqual({ records, chains, findings }, { records: 15, chains: 2, findings: [] });
});

test('rotated files in their order are one chain, compressed ones too', async () => {
  const log = makeLog(30);
  const found = await verify({
    'audit.log.2.gz': gzipSync(text(log.slice(0, 10))),
    // A compressed file may have several members (RFC 1952 section 2.2), and a last line without a newline.
    'audit.log.1.gz': Buffer.concat([
      gzipSync(text(log.slice(10, 15))),
      gzipSync(text(log.slice(15, 20)).trimEnd()),
    ]),
    'audit.log': log.slice(20),
  });
  assert.deepEqual([found.records, found.chains, found.findings], [30, 1, []]);
});

test('a chain that goes on across restarts, under another name too, is one chain', async () => {
  const first = makeLog(10, { instance: 'pod-1' });
  const second = makeLog(10, { instance: 'pod-2', after: headOf(first[9] as string) });
  const third = makeLog(10, { instance: 'pod-1', after: headOf(second[9] as string) });
  const { chains, findings, last } = await verify([...first, ...second, ...third]);
  assert.deepEqual([chains, findings, last?.sequence], [1, [], 30]);
});

test('a last line that was torn is unreadable, and the records before it are whole', async () => {
  const log = makeLog(10);
  const torn = (log[9] as string).slice(0, 150);
  const found = await verify({ 'audit.log': `${text(log.slice(0, 9))}${torn}` });
  assert.deepEqual([found.records, found.last?.sequence], [9, 9]);
  assert.deepEqual(shortFindings(found), ['unreadable 10 #0']);
});

test('a check continues from a given record, and nothing else', async () => {
  const log = makeLog(20);
  const after = headOf(log[9]);
  const rest = log.slice(10);
  const wrong = { ...after, fingerprint: 'a'.repeat(64) };
  const check = async (lines: readonly string[], given = after) =>
    shortFindings(await verify(lines, { after: given }));
  assert.deepEqual(await check(rest), []);
  assert.deepEqual(await check(log), []);
  assert.deepEqual(await check(log.slice(0, 10)), []);
  assert.deepEqual(await check(rest.slice(2)), ['missing 0 #11', 'missing 1 #1-12']);
  assert.deepEqual(await check([reworded(rest[0]), ...rest.slice(1)]), ['changed 1 #11']);
  assert.deepEqual(await check(rest, wrong), ['missing 0 #11', 'missing 1 #1-10']);
  const renumbered = altered(rest[0], (record) => {
    record.metadata.sequence = 15;
  });
  assert.deepEqual(await check([fingerprinted(renumbered)]), ['missing 0 #11', 'missing 1 #1-14']);
  assert.deepEqual(descriptions(await verify(rest.slice(2), { after })), [
    'Record 11: no record follows the given one.',
    'Records 1 to 12: missing or unreadable.',
  ]);
  // A new chain in the place of the rest of the old one.
  assert.deepEqual(await check(makeLog(10)), ['missing 0 #11']);
});

test('a check that continues from a record takes files that begin before it, and checks what they hold', async () => {
  const log = makeLog(20);
  const after = headOf(log[9]);
  const check = async (lines: readonly string[], given = after) =>
    shortFindings(await verify(lines, { after: given }));
  for (let first = 1; first <= 11; first += 1) assert.deepEqual(await check(log.slice(first - 1)), []);
  const some = log.slice(4);
  assert.deepEqual(await check(some.toSpliced(3, 1)), ['missing 4 #8']);
  assert.deepEqual(await check(some.toSpliced(5, 1)), ['missing 6 #10']);
  assert.deepEqual(await check(some.with(3, reworded(some[3]))), ['changed 4 #8']);
  // Neither this record nor one that refers to it is there.
  const wrong = { ...after, fingerprint: 'a'.repeat(64) };
  assert.deepEqual(await check(some, wrong), ['missing 0 #11', 'missing 1 #1-4']);
  assert.deepEqual(await check(some, { ...after, sequence: 9 }), ['missing 0 #10', 'missing 1 #1-4']);
  assert.deepEqual(await check(log.slice(11)), ['missing 0 #11', 'missing 1 #1-11']);
  // The given record says nothing about another chain.
  assert.deepEqual(await check([...some, ...makeLog(9).slice(4)]), ['missing 17 #1-4']);
});

test('the end of a chain can be removed unseen: that is what checkpoints and --after are for', async () => {
  const log = makeLog(20);
  assert.deepEqual((await verify(log.slice(0, 15))).findings, []);
  assert.deepEqual((await verify(rechained(log.with(19, reworded(log[19]))))).findings, []);
});

test('of several chains, the last record is the latest one, and of one time the one that was found last', async () => {
  const [a, b] = [makeLog(3), makeLog(3)];
  const early = makeLog(9, { time: startOfTime - 3_600_000 });
  assert.deepEqual((await verify([...a, ...early])).last, lastOf(a));
  assert.deepEqual((await verify([...early, ...a])).last, lastOf(a));
  assert.deepEqual((await verify([...a, ...b])).last, lastOf(b));
  assert.deepEqual((await verify([...b, ...a])).last, lastOf(a));
});

test('whoever logs the text of a record into another line puts no record into the log', async () => {
  const log = makeLog(3);
  const quoting = JSON.stringify({ level: 30, msg: 'refused', subject: makeLog(1)[0] });
  const { records, otherLines, findings } = await verify([...log, quoting, `text ${quoting}`]);
  assert.deepEqual([records, otherLines, findings], [3, 2, []]);
});
