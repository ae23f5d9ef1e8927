// A log that nobody touched: whatever files it is in, and whatever else stands in them, there is nothing to be found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { headOf, makeLog, reworded, shortBreaks, startOfTime, verify } from './chained-log.ts';

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const logLine = JSON.stringify({ level: 30, msg: 'request served', note: '"class_uid":6003' });

test('one chain in one file is whole, and the last record is what a later check goes on from', async (t) => {
  const log = makeLog(50);
  const found = await verify(t, log);
  assert.deepEqual(found, {
    records: 50,
    chains: 1,
    last: headOf(log[49] as string),
    breaks: [],
    openIntents: [],
    signed: undefined,
  });
});

test('an empty file and a file without records hold no record and no break', async (t) => {
  for (const log of [[], [logLine, '', 'null', '{"class_uid":6003', '[]']]) {
    const { records, chains, last, breaks } = await verify(t, log);
    assert.deepEqual(
      { records, chains, last, breaks },
      { records: 0, chains: 0, last: undefined, breaks: [] },
    );
  }
});

test('several runs on standard output, between log lines and with torn lines, are as many whole chains', async (t) => {
  const runs = [3, 1, 12].map((count, run) => makeLog(count, { time: startOfTime + run * 1e6 }));
  const log = runs.flatMap((run) => [
    logLine,
    ...run.flatMap((line) => [line, logLine]),
    '{"class_uid":6003,"to',
  ]);
  const { records, chains, breaks } = await verify(t, log);
  assert.deepEqual({ records, chains, breaks }, { records: 16, chains: 3, breaks: [] });
});

test('the output of two instances in one file is two whole chains, however it is interleaved', async (t) => {
  const [a, b] = [makeLog(9, { instance: 'a' }), makeLog(6, { instance: 'b' })];
  const log = a.flatMap((line, index) => [line, ...b.slice(index * 2, index * 2 + 2)]);
  const { records, chains, breaks } = await verify(t, log);
  assert.deepEqual({ records, chains, breaks }, { records: 15, chains: 2, breaks: [] });
});

test('rotated files in their order are one chain, compressed ones too', async (t) => {
  const log = makeLog(30);
  const found = await verify(t, {
    'audit.log.2.gz': gzipSync(text(log.slice(0, 10))),
    // A compressed file may have several members (RFC 1952 section 2.2), and a last line without a newline.
    'audit.log.1.gz': Buffer.concat([
      gzipSync(text(log.slice(10, 15))),
      gzipSync(text(log.slice(15, 20)).trimEnd()),
    ]),
    'audit.log': log.slice(20),
  });
  assert.deepEqual([found.records, found.chains, found.breaks], [30, 1, []]);
});

test('a chain that goes on across restarts, under another name too, is one chain', async (t) => {
  const first = makeLog(10, { instance: 'pod-1' });
  const second = makeLog(10, { instance: 'pod-2', after: headOf(first[9] as string) });
  const third = makeLog(10, { instance: 'pod-1', after: headOf(second[9] as string) });
  const { chains, breaks, last } = await verify(t, [...first, ...second, ...third]);
  assert.deepEqual([chains, breaks, last?.sequence], [1, [], 30]);
});

test('a last line that was torn is passed over', async (t) => {
  const log = makeLog(10);
  const torn = (log[9] as string).slice(0, 150);
  const { records, breaks, last } = await verify(t, { 'audit.log': `${text(log.slice(0, 9))}${torn}` });
  assert.deepEqual([records, breaks, last?.sequence], [9, [], 9]);
});

test('a check goes on from a given record, and nothing else', async (t) => {
  const log = makeLog(20);
  const after = headOf(log[9] as string);
  const rest = log.slice(10);
  const wrong = { ...after, hash: 'a'.repeat(64) };
  const check = async (lines: readonly string[], given = after) =>
    shortBreaks(await verify(t, lines, { after: given }));
  assert.deepEqual(await check(rest), []);
  assert.deepEqual(await check(rest.slice(2)), ['missing 1 #11-12']);
  assert.deepEqual(await check([reworded(rest[0] as string), ...rest.slice(1)]), ['changed 1 #11']);
  assert.deepEqual(await check(rest, wrong), ['changed 1 #11']);
  // A new chain in the place of the rest of the old one.
  assert.deepEqual(await check(makeLog(10)), ['missing 1 #11']);
});

test('the end of a chain can be changed or cut off unseen: that is what checkpoints and --after are for', async (t) => {
  const log = makeLog(20);
  for (const forged of [log.slice(0, 15), log.with(19, reworded(log[19] as string))])
    assert.deepEqual((await verify(t, forged)).breaks, []);
});
