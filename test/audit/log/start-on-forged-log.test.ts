// A gateway with a signing key signs only what it wrote or has verified. Whoever can write to the file without the key gets
// nothing signed: a new chain begins, says why, and the old one is found to be unsigned.
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { policyLoadedEvent } from '../../../src/audit/record/gateway-events.ts';
import { verifyLogs } from '../../../src/audit/verify/verify-logs.ts';
import { eventNamed } from '../../support/event-named.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { headOf, makeLog, plainEvent, rechained, reworded, startOfTime } from '../verify/chained-log.ts';
import { type KeyPair, makeKeys, makeSignedLog } from '../verify/signed-log.ts';
import { recordsIn, startWithFile } from './audit-file.ts';

const mine = await makeKeys();
const other = await makeKeys();
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** A log that a gateway with `key` left behind. */
async function earlierLog(t: TestContext, key: KeyPair | 'none'): Promise<string> {
  const path = join(temporaryFolder(), 'audit.log');
  await runOn(t, path, key);
  return path;
}

/** One start and stop of a gateway on the log, with a create between. */
async function runOn(t: TestContext, path: string, key: KeyPair | 'none' = mine) {
  const environment: Record<string, string> = {};
  if (key !== 'none') {
    environment['AUDIT_SIGNING_KEY_FILE'] = `${path}.key.jwk`;
    await writeFile(`${path}.key.jwk`, JSON.stringify(key.privateJwk));
  }
  const gateway = await startWithFile(t, { path, environment });
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
}

async function judged(path: string, keys = mine.verifying) {
  const { findings, chains, signed } = await verifyLogs([path], { keys, onRead: () => undefined });
  return { kinds: findings.map(({ kind }) => kind), findings, chains, signed };
}

/** Why each chain but the first began. */
const reasonsIn = async (path: string): Promise<unknown[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).unmapped.oldChain?.reason)
    .filter((reason) => reason !== undefined);

const linesIn = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8')).trimEnd().split('\n');

test('clean restarts continue one chain in which every record is signed', async (t) => {
  const path = await earlierLog(t, mine);
  await runOn(t, path);
  await runOn(t, path);
  const { findings, chains, signed } = await judged(path);
  assert.deepEqual([findings, chains, signed?.unsigned], [[], 1, 0]);
  assert.deepEqual(await reasonsIn(path), []);
});

test('a log that was rewritten as a whole is not signed by a start and a stop', async (t) => {
  const path = await earlierLog(t, mine);
  const lines = await linesIn(path);
  await writeFile(path, textOf(rechained(lines.map((line, index) => (index === 3 ? reworded(line) : line)))));
  await runOn(t, path);
  assert.deepEqual(await reasonsIn(path), ['not-signed']);
  const { kinds, chains } = await judged(path);
  assert.deepEqual([kinds, chains], [['unsigned'], 2]);
});

test('a log that was rewritten without its checkpoints is not signed either', async (t) => {
  const path = await earlierLog(t, mine);
  const lines = (await linesIn(path)).filter((line) => !line.includes('audit.checkpoint'));
  await writeFile(path, textOf(rechained(lines)));
  await runOn(t, path);
  assert.deepEqual(await reasonsIn(path), ['not-signed']);
  assert.deepEqual((await judged(path)).kinds, ['unsigned']);
});

for (const [what, last] of [
  ['a policy.loaded of a start', policyLoadedEvent({ old: undefined, new: 'a'.repeat(64) }, 'x', Date.now())],
  ['a record without a numeric time', eventNamed('peering.list.outcome', { time: 'never' })],
  ['one more of their kind', plainEvent(Date.now())],
] as const) {
  test(`600 forged records over three weeks behind a checkpoint are not signed, if the last one is ${what}`, async (t) => {
    const path = await earlierLog(t, mine);
    const after = headOf((await linesIn(path)).at(-1));
    const since = Date.now() - 21 * 24 * 3_600_000;
    const events = Array.from({ length: 600 }, (_, index) => plainEvent(since + index * 3_000_000));
    await appendFile(path, textOf(makeLog([...events, last], { after })));
    await runOn(t, path);
    assert.deepEqual(await reasonsIn(path), ['unsigned-tail']);
    const { kinds, findings } = await judged(path);
    assert.deepEqual([kinds, findings[0]?.to], [['unsigned'], after.sequence + 601]);
  });
}

test('a tail whose records were changed or do not follow from each other is not signed', async (t) => {
  for (const forge of [
    (tail: readonly string[]) => [reworded(tail[0]), ...tail.slice(1)],
    (tail: readonly string[]) => tail.slice(1),
  ]) {
    const path = await earlierLog(t, mine);
    const after = headOf((await linesIn(path)).at(-1));
    await appendFile(path, textOf(forge(makeLog(3, { after, time: Date.now() }))));
    await runOn(t, path);
    assert.deepEqual(await reasonsIn(path), ['unsigned-tail']);
    assert.equal((await judged(path)).kinds.length, 1);
  }
});

test('a few records that a crash left unsigned are signed before any new one, however long ago it was', async (t) => {
  const path = await earlierLog(t, mine);
  const signed = await linesIn(path);
  const after = headOf(signed.at(-1));
  await appendFile(path, textOf(makeLog(5, { after, time: Date.now() - 2 * 3_600_000 })));
  await runOn(t, path);
  const codes = (await linesIn(path))
    .slice(signed.length + 5)
    .map((line) => JSON.parse(line).metadata.event_code);
  assert.deepEqual(codes.slice(0, 2), ['audit.checkpoint', 'gateway.started']);
  const { findings, chains, signed: extent } = await judged(path);
  assert.deepEqual([findings, chains, extent?.unsigned], [[], 1, 0]);
});

test('a new key, and the first key of a log, begin a chain, which says how many intents stay open', async (t) => {
  for (const key of [other, 'none'] as const) {
    const path = await earlierLog(t, key);
    await runOn(t, path);
    const { chains } = await judged(path);
    assert.equal(chains, 2);
    const records = await recordsIn(path);
    const [first] = records.filter(({ unmapped: { oldChain } }) => oldChain !== undefined);
    const oldChain = first?.unmapped.oldChain;
    assert.deepEqual([oldChain?.reason, oldChain?.openIntents], ['not-signed', 0]);
  }
});

test('what is done to a chain that a gateway did not continue shows in the signed record that names its end', async (t) => {
  const path = await earlierLog(t, other);
  const old = (await linesIn(path)).length;
  await runOn(t, path);
  const lines = await linesIn(path);
  const keys = [...mine.verifying, ...other.verifying];
  const forged = makeLog(1, { after: headOf(lines[old - 1]), time: Date.parse('2200-01-01T00:00:00Z') });
  for (const [changed, kinds] of [
    [lines, []],
    [lines.toSpliced(old - 4, 4), ['missing']],
    [lines.slice(old), ['missing']],
    [lines.toSpliced(old, 0, ...forged), ['foreign']],
  ] as const) {
    await writeFile(`${path}.changed`, textOf(changed));
    assert.deepEqual((await judged(`${path}.changed`, keys)).kinds, kinds);
  }
  await writeFile(`${path}.next`, textOf(lines.slice(old)));
  const given = { keys, after: headOf(lines[old - 1]), onRead: () => undefined };
  assert.deepEqual((await verifyLogs([`${path}.next`], given)).findings, []);
});

test('a chain is signed from its first record on, so that a crash at once leaves no finding', async (t) => {
  const path = await earlierLog(t, mine);
  const codes = (await recordsIn(path)).map(({ metadata }) => metadata.event_code);
  assert.deepEqual(codes.slice(0, 4), [
    ...['audit.chain-started', 'audit.checkpoint'],
    ...['gateway.started', 'policy.loaded'],
  ]);
  assert.deepEqual(codes.slice(-2), ['gateway.stopped', 'audit.checkpoint']);
  for (const kept of [2, 3, 4]) {
    await writeFile(`${path}.cut`, textOf((await linesIn(path)).slice(0, kept)));
    assert.deepEqual((await judged(`${path}.cut`)).findings, []);
  }
});

test('records that a key was to sign are never continued by a forged log of another key', async (t) => {
  const path = await earlierLog(t, mine);
  await writeFile(path, textOf(makeSignedLog(other.signing, [5, 'sign'], { time: startOfTime })));
  await runOn(t, path);
  assert.deepEqual(await reasonsIn(path), ['not-signed']);
  assert.deepEqual((await judged(path)).kinds, ['unsigned']);
});
