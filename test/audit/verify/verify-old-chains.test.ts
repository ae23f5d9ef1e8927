// The first record of a chain names the last one of the chain before it: what was done to the end of the old chain shows, and
// only a chain that proves itself can say so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainStartedEvent } from '../../../src/audit/record/gateway-events.ts';
import {
  altered,
  descriptions,
  fingerprinted,
  headOf,
  type LogFiles,
  makeLog,
  rechained,
  reworded,
  shortFindings,
  startOfTime,
  verify,
} from './chained-log.ts';
import { makeKeys, makeSignedLog, startedAfter } from './signed-log.ts';

const [oldKey, newKey, stolen] = await Promise.all([makeKeys(), makeKeys(), makeKeys()]);
const keys = [...oldKey.verifying, ...newKey.verifying];
/** Record 14 signs the thirteen before it. */
const old = makeSignedLog(oldKey.signing, [9, 'sign', 3, 'sign']);
const next = makeSignedLog(newKey.signing, [startedAfter(old.at(-1)), 'sign', 5, 'sign'], {
  time: startOfTime + 3_600_000,
});
const within = (lines: readonly string[], after = next) => ({ 'audit.log': lines, next: after });
/** With the keys and without. */
async function findingsIn(files: LogFiles, expected: readonly string[]) {
  for (const options of [{ keys }, {}])
    assert.deepEqual(shortFindings(await verify(files, options)), expected);
}

test('two chains of which the second names the end of the first have no finding, in any order', async () => {
  await findingsIn(within(old), []);
  await findingsIn({ next, 'audit.log': old.toReversed() }, []);
});

test('an old chain whose end was cut off lacks records, its last checkpoint included', async () => {
  await findingsIn(within(old.slice(0, 10)), ['missing next:1 #11-14']);
  await findingsIn(within(old.slice(0, 13)), ['missing next:1 #14']);
  assert.deepEqual(descriptions(await verify(within(old.slice(0, 10)), { keys })), [
    'Records 11 to 14: missing, and the next chain names the last of them.',
  ]);
});

test('an old chain that is not there at all lacks all its records', async () => {
  await findingsIn(within([]), ['missing next:1 #1-14']);
});

test('what was added to an old chain, or put in the place of its last record, is foreign', async () => {
  const forged = rechained(makeLog(3), headOf(old[13]));
  await findingsIn(within([...old, ...forged]), ['foreign 15 #15-17']);
  const rewritten = rechained([reworded(old[13])], headOf(old[12]));
  const found = await verify(within([...old.slice(0, 13), ...rewritten]));
  assert.deepEqual(shortFindings(found), ['foreign 14 #14']);
  assert.deepEqual(descriptions(found), ['Record 14: the next chain names another last record of this one.']);
  // Beside the true one, it takes nothing from that, wherever it stands.
  for (const lines of [
    [...old, ...rewritten],
    [...rewritten, ...old],
  ])
    await findingsIn(within(lines), [`foreign ${lines.indexOf(rewritten[0] ?? '') + 1} #14`]);
});

test('a forged last record, which a start then names as the end, makes no other record foreign', async () => {
  for (const forged of [
    rechained(makeLog(1), headOf(old[1])),
    rechained([reworded(old[2])], headOf(old[1])),
  ]) {
    const third = makeSignedLog(newKey.signing, [startedAfter(forged[0]), 'sign', 1]);
    await findingsIn({ 'audit.log': [...old, ...forged], third }, ['foreign 15 #3']);
  }
});

test('two records that name different ends of one chain cannot both be right', async () => {
  const forged = rechained(makeLog(1), headOf(old[13]));
  for (const last of [forged[0], old[9]]) {
    const third = makeSignedLog(newKey.signing, [startedAfter(last), 'sign', 1]);
    for (const lines of [[...old, ...forged], old.slice(0, 10)])
      assert.notDeepEqual((await verify({ ...within(lines), third }, { keys })).findings, []);
  }
});

test('with keys, a chain that no key signs from its first record on says nothing about another', async () => {
  const event = startedAfter(old[9]);
  const [first] = makeSignedLog(newKey.signing, [startedAfter(old.at(-1)), 'sign']);
  for (const forged of [
    makeLog([event]),
    makeSignedLog(newKey.signing, [event, 1]),
    makeSignedLog(stolen.signing, [event, 'sign', 1]),
    makeSignedLog(newKey.signing, [1, event, 'sign']),
    [
      altered(first, (record) => Object.assign(record.unmapped, { oldChain: headOf(old[9]) })),
      ...next.slice(1),
    ],
  ]) {
    const found = await verify({ 'audit.log': old, forged }, { keys });
    assert.deepEqual(
      found.findings.filter(({ file }) => !file.endsWith('/forged')),
      [],
    );
  }
});

test('a first record that was put in the place of the signed one says nothing about the old chain', async () => {
  const forged = fingerprinted(
    altered(next[0], (record) =>
      Object.assign(record.unmapped, {
        oldChain: { ...headOf(old[9]), reason: 'not-signed', openIntents: 0 },
      }),
    ),
  );
  const beside = await verify(within(old, [forged, ...next]), { keys });
  assert.deepEqual(shortFindings(beside), ['foreign next:1 #1']);
  const instead = await verify(within(old, [forged, ...next.slice(1)]), { keys });
  assert.deepEqual(shortFindings(instead), ['changed next:1 #1']);
});

test('a chain that names no record of the old one says nothing about it', async () => {
  const event = chainStartedEvent(
    { head: undefined, reason: 'last-record-invalid', openIntents: 0 },
    'gateway-1',
    startOfTime,
  );
  await findingsIn(within(old, makeSignedLog(newKey.signing, [event, 'sign', 1])), []);
});

test('a check continues from the end of an old chain in the one that names it', async () => {
  const after = headOf(old[13]);
  assert.deepEqual((await verify({ next }, { keys, after })).findings, []);
  assert.deepEqual((await verify(within(old.slice(5)), { keys, after })).findings, []);
  const short = shortFindings(await verify({ next }, { keys, after: headOf(old[11]) }));
  assert.deepEqual(short, ['missing 0 #13', 'missing next:1 #1-14']);
  const forged = makeSignedLog(stolen.signing, [startedAfter(old[13]), 'sign']);
  const found = shortFindings(await verify({ forged }, { keys, after }));
  assert.deepEqual(found, ['missing 0 #15', 'unsigned forged:2 #1-2']);
});

test('a record that an earlier check found vouches for the old chains, of which the rest is still checked', async () => {
  const third = makeSignedLog(newKey.signing, [startedAfter(next.at(-1)), 'sign', 5, 'sign']);
  const check = async (lines: readonly string[], given: string | undefined, middle = next) =>
    shortFindings(await verify({ ...within(lines, middle), third }, { keys, after: headOf(given) }));
  for (const given of [next[3], third[0], third[4]]) {
    for (const lines of [[], old.slice(10), old]) assert.deepEqual(await check(lines, given), []);
    assert.deepEqual(await check(old.slice(10, 12), given), ['missing next:1 #13-14']);
    assert.deepEqual(await check(old.slice(10).toSpliced(1, 1), given), ['missing 2 #12']);
  }
  assert.deepEqual(await check([], third[4], []), []);
  // What an earlier check found in the old chain says nothing of the beginning of a new one.
  assert.deepEqual(await check(old, old[3], next.slice(2)), ['missing next:1 #1-2']);
  assert.deepEqual(await check(old, old[3], []), ['missing third:1 #1-8']);
});

test('the last record is that of the chain that no other names, whatever the order of the files and the times', async () => {
  const early = makeSignedLog(newKey.signing, [startedAfter(old.at(-1)), 'sign', 1], {
    time: startOfTime - 3_600_000,
  });
  for (const chain of [next, early])
    for (const files of [within(old, chain), { next: chain, 'audit.log': old }]) {
      const { sequence, fingerprint } = headOf(chain.at(-1));
      assert.deepEqual((await verify(files, { keys })).last, { sequence, fingerprint });
    }
});
