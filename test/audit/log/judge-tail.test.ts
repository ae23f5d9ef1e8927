// Which chains are continued: for each thing that can be wrong with the end of a log, why it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import { type JudgedTail, judgeTail } from '../../../src/audit/log/judge-tail.ts';
import type { CheckpointKey } from '../../../src/audit/log/signing-key.ts';
import { recordOf } from '../../../src/audit/record/found-record.ts';
import { eventNamed } from '../../support/event-named.ts';
import { headOf, makeLog, rechained, reworded, startOfTime } from '../verify/chained-log.ts';
import { type checkpointOf, makeKeys, makeSignedLog } from '../verify/signed-log.ts';

const mine = await makeKeys();
const other = await makeKeys();
const [key] = mine.verifying;

/** With how many records were looked at. */
async function judgeBy(by: CheckpointKey | undefined, lines: readonly string[]) {
  let taken = 0;
  async function* backwards() {
    for await (const line of lines.toReversed()) {
      taken += 1;
      yield { record: JSON.parse(line), link: recordOf(line)?.link };
    }
  }
  const judged: JudgedTail = await judgeTail(backwards(), by);
  return { ...judged, taken };
}
const judge = (lines: readonly string[]) => judgeBy(key, lines);
const verdictOf = async (lines: readonly string[]) => {
  const { ends, unsigned } = await judge(lines);
  return [ends, unsigned];
};

const signed = makeSignedLog(mine.signing, [5, 'sign']);
const after = headOf(signed.at(-1));
const more = (count: number, pauseMs = 10) =>
  makeSignedLog(mine.signing, [count], { after, time: startOfTime, pauseMs });

test('without records there is nothing to continue', async () => {
  for (const by of [key, undefined])
    assert.deepEqual(await judgeBy(by, []), { head: undefined, ends: undefined, unsigned: 0, taken: 0 });
});

test('without a key the last record alone is looked at, and continued if it is as it was written', async () => {
  const lines = makeLog(3);
  const { head, ends, unsigned, taken } = await judgeBy(undefined, lines);
  assert.deepEqual(
    [head?.fingerprint, ends, unsigned, taken],
    [headOf(lines[2]).fingerprint, undefined, 0, 1],
  );
  assert.deepEqual((await judgeBy(undefined, [reworded(lines[0]), ...lines.slice(1)])).ends, undefined);
  assert.deepEqual(
    (await judgeBy(undefined, [...lines.slice(0, 2), reworded(lines[2])])).ends,
    'last-record-invalid',
  );
});
test('with a key a chain goes on from its last checkpoint and a short whole tail, which is counted', async () => {
  assert.deepEqual(await verdictOf(signed), [undefined, 0]);
  assert.equal((await judge(signed)).taken, 1);
  const lines = [...signed, ...more(7)];
  const { head, ends, unsigned, taken } = await judge(lines);
  assert.deepEqual(
    [head?.fingerprint, ends, unsigned, taken],
    [headOf(lines.at(-1)).fingerprint, undefined, 7, 8],
  );
});

test('a log in which no checkpoint stands is not continued', async () => {
  const { head, ends, unsigned } = await judge(makeLog(3));
  assert.deepEqual([head?.sequence, ends, unsigned], [3, 'not-signed', 3]);
});

test('a checkpoint of another key, or over another record than the one before it, signs nothing', async () => {
  assert.deepEqual(await verdictOf(makeSignedLog(other.signing, [5, 'sign'])), ['not-signed', 0]);
  for (const change of [{ sequence: 4 }, { fingerprint: 'a'.repeat(64) }, { chain: 'another' }]) {
    const sign = (checkpoint: ReturnType<typeof checkpointOf>) =>
      signCheckpoint({ ...checkpoint, ...change }, mine.signing);
    assert.deepEqual(await verdictOf(makeSignedLog(mine.signing, [5, 'sign'], { sign })), ['not-signed', 0]);
  }
  assert.deepEqual(await verdictOf(makeSignedLog(mine.signing, [5, 'sign'], { sign: () => 'none' })), [
    'not-signed',
    0,
  ]);
});

test('a tail that was changed, or of which a record is missing, is not continued', async () => {
  const tail = more(3);
  assert.deepEqual(await verdictOf([...signed, ...tail.slice(0, 2), reworded(tail[2])]), [
    'last-record-invalid',
    0,
  ]);
  assert.deepEqual(await verdictOf([...signed, tail[0] ?? '', reworded(tail[1]), tail[2] ?? '']), [
    'unsigned-tail',
    1,
  ]);
  assert.deepEqual(await verdictOf([...signed, tail[0] ?? '', tail[2] ?? '']), ['unsigned-tail', 1]);
  assert.deepEqual(await verdictOf([...signed, ...tail.slice(1)]), ['unsigned-tail', 2]);
});

test('a tail of another chain, and one that another record was put before, are not continued', async () => {
  const foreign = makeLog(6).slice(-1);
  assert.deepEqual(await verdictOf([...signed, ...foreign]), ['unsigned-tail', 1]);
  const tail = more(2);
  const [replaced = ''] = rechained([reworded(tail[0])], after);
  assert.deepEqual(await verdictOf([...signed, replaced, tail[1] ?? '']), ['unsigned-tail', 1]);
});

test('a tail that is longer than a gateway leaves is not continued, and is not read to its end', async () => {
  assert.deepEqual(await verdictOf([...signed, ...more(1000)]), [undefined, 1000]);
  const { ends, unsigned, taken } = await judge([...signed, ...more(1500)]);
  assert.deepEqual([ends, unsigned, taken], ['unsigned-tail', 1001, 1001]);
  assert.deepEqual(await verdictOf([...signed, ...more(2, 60_000)]), [undefined, 2]);
  assert.deepEqual(await verdictOf([...signed, ...more(2, 60_001)]), ['unsigned-tail', 2]);
  const timeless = makeLog([eventNamed('peering.list.outcome', { time: 'never' })], { after });
  assert.deepEqual(await verdictOf([...signed, ...timeless]), ['unsigned-tail', 1]);
});
