// With a public key, a log is proved as a whole: whoever makes all numbers and hashes anew cannot make the signatures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactSign } from 'jose';
import { signCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import type { CheckpointKey } from '../../../src/audit/log/signing-key.ts';
import { policyLoadedEvent } from '../../../src/audit/record/gateway-events.ts';
import type { Loose } from '../../support/gateway.ts';
import {
  altered,
  descriptions,
  headOf,
  makeLog,
  rechained,
  reworded,
  shortBreaks,
  startOfTime,
  verify,
} from './chained-log.ts';
import { makeKeys, makeSignedLog } from './signed-log.ts';

const { signing, verifying: keys, publicJwk } = await makeKeys();
const other = await makeKeys();
/** Checkpoints are records 11, 22 and 33; three are left unsigned. */
const steps = [10, 'sign', 10, 'sign', 10, 'sign', 3] as const;
const log = await makeSignedLog(signing, steps);
const jwsIn = (line: string | undefined): string => (JSON.parse(line ?? '') as Loose).unmapped.checkpoint;
const withJws = (lines: readonly string[], number: number, jws: unknown): string[] =>
  lines.with(
    number - 1,
    altered(lines[number - 1] as string, (record) => {
      record.unmapped.checkpoint = jws;
    }),
  );

test('every checkpoint holds, and a short rest that is not signed yet is no break', async (t) => {
  const { breaks, signed } = await verify(t, log, { keys });
  assert.deepEqual([breaks, signed], [[], { checkpoints: 3, unsigned: 3, until: startOfTime + 300 }]);
});

test('records that come in while a signature is made are covered by the next one', async (t) => {
  let held: string | undefined;
  const late = await makeSignedLog(signing, [10, 'sign', 5, 'sign'], {
    // The first signature is over record 10; the second one is as well, and comes five records later.
    sign: async (checkpoint) => {
      held ??= await signCheckpoint(checkpoint, signing);
      return held;
    },
  });
  const once = late.filter((_, index) => index !== 10);
  const found = await verify(t, rechained(once), { keys });
  assert.deepEqual([found.breaks, found.signed?.checkpoints, found.signed?.unsigned], [[], 1, 5]);
});

test('a log that was rewritten as a whole is found, once', async (t) => {
  const found = await verify(t, rechained(log.with(0, reworded(log[0] as string))), { keys });
  assert.deepEqual(shortBreaks(found), ['signature 11 #1-10']);
  assert.deepEqual(descriptions(found), [
    'Records 1 to 10 are not what the checkpoint signs: the log was written anew. Of the later ones, 2 do not hold either.',
  ]);
  assert.equal((await verify(t, rechained(log.with(0, reworded(log[0] as string))))).breaks.length, 0);
});

test('a log that was rewritten from the middle on is found behind the last checkpoint that holds', async (t) => {
  const forged = [...log.slice(0, 15), ...rechained(log.slice(15).map(reworded), headOf(log[14] as string))];
  assert.deepEqual(shortBreaks(await verify(t, forged, { keys })), ['signature 22 #11-21']);
});

test('a last record that was changed or cut off is proved missing as soon as a checkpoint covered it', async (t) => {
  const covered = await makeSignedLog(signing, [10, 'sign']);
  const [last, checkpoint] = covered.slice(-2) as [string, string];
  const changed = rechained([...covered.slice(0, 9), reworded(last), checkpoint]);
  assert.deepEqual(shortBreaks(await verify(t, changed, { keys })), ['signature 11 #1-10']);
  const cut = rechained([...covered.slice(0, 9), checkpoint]);
  assert.deepEqual(shortBreaks(await verify(t, cut, { keys })), ['signature 10 #1-9']);
});

test('a log without any checkpoint is not signed, however short it is', async (t) => {
  for (const count of [1, 20]) {
    const found = await verify(t, makeLog(count), { keys });
    assert.deepEqual(shortBreaks(found), [`signature 1 #${count === 1 ? 1 : '1-20'}`]);
    assert.match(descriptions(found).join(), /not signed, though a gateway with a key signs\.$/);
  }
  // A forged run beside a signed one.
  assert.deepEqual(shortBreaks(await verify(t, [...log, ...makeLog(5)], { keys })), ['signature 37 #1-5']);
});

test('checkpoints by another key prove nothing, and are told once', async (t) => {
  const found = await verify(t, log, { keys: other.verifying });
  assert.deepEqual(shortBreaks(found), ['signature 11 #11']);
  assert.deepEqual(descriptions(found), [
    'The checkpoint is not signed by a key that was given. Of the later ones, 2 do not hold either.',
  ]);
  assert.deepEqual(found.signed, { checkpoints: 0, unsigned: 33, until: undefined });
});

test('a checkpoint that was replaced by one of another key is found, also in a chain made anew', async (t) => {
  const head = headOf(log[31] as string);
  const jws = await signCheckpoint({ ...head, time: startOfTime }, other.signing);
  const forged = rechained(withJws(log, 33, jws));
  assert.deepEqual(shortBreaks(await verify(t, forged, { keys })), ['signature 33 #33']);
});

test('a checkpoint that was removed from a chain made anew is found by the next one', async (t) => {
  const forged = rechained(log.toSpliced(10, 1));
  assert.deepEqual(shortBreaks(await verify(t, forged, { keys })), ['signature 21 #1-20']);
});

test('a signature copied from elsewhere proves nothing: of this log, or of another chain in it', async (t) => {
  const again = [
    ...log.slice(0, 30),
    ...rechained(withJws(log, 33, jwsIn(log[21])).slice(30), headOf(log[29] as string)),
  ];
  const found = await verify(t, again, { keys });
  assert.deepEqual(shortBreaks(found), ['signature 33 #33']);
  assert.deepEqual(descriptions(found), ['The checkpoint repeats an earlier one, which signs record 21.']);
  // A forged run that bears a true signature of the run before it.
  const run = await makeSignedLog(signing, [15, 'sign'], {
    time: startOfTime + 1e6,
    sign: () => jwsIn(log[10]),
  });
  assert.deepEqual(shortBreaks(await verify(t, [...log, ...run], { keys })), ['signature 52 #1-10']);
});

test('what is no signature by an asymmetric key over a checkpoint is refused', async (t) => {
  const head = { ...headOf(log[31] as string), time: startOfTime };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: signing.algorithm, kid: signing.keyId, typ: 'peergate-checkpoint' };
  const signed = (
    payload: unknown,
    protectedHeader: object,
    key: CheckpointKey['key'] | Uint8Array = signing.key,
  ) => new CompactSign(text(payload)).setProtectedHeader(protectedHeader as { alg: string }).sign(key);
  const good = await signed(head, header);
  const [protectedPart, , signature] = good.split('.');
  const forgeries: unknown[] = [
    `${encode({ ...header, alg: 'none' })}.${encode(head)}.`,
    // The public key as an HMAC secret (RFC 8725 section 2.1).
    await signed(head, { ...header, alg: 'HS256' }, text(publicJwk)),
    await signed(head, { ...header, typ: 'JWT' }),
    await signed(head, { alg: header.alg, kid: header.kid }),
    await signed({ ...head, note: 'more' }, header),
    await signed({ sequence: head.sequence, hash: head.hash }, header),
    await signed({ ...head, sequence: String(head.sequence) }, header),
    await signed('text', header),
    `${protectedPart}.${encode({ ...head, sequence: 31 })}.${signature}`,
    `${good}x`,
    good.slice(0, -8),
    '',
    null,
    { jws: good },
  ];
  const lines = withJws(log, 33, good);
  assert.deepEqual((await verify(t, rechained(lines.slice(0, 33)), { keys })).breaks, []);
  for (const forgery of forgeries) {
    const forged = [
      ...log.slice(0, 32),
      ...rechained([withJws(log, 33, forgery)[32] as string], headOf(log[31] as string)),
    ];
    assert.deepEqual(shortBreaks(await verify(t, forged, { keys })), ['signature 33 #33'], String(forgery));
  }
});

test('after a rotation of the key, a set of both proves the whole log, and each alone does not', async (t) => {
  const old = await makeSignedLog(other.signing, [5, 'sign', 2]);
  const rotated = [
    ...old,
    ...(await makeSignedLog(signing, [4, 'sign'], { after: headOf(old.at(-1) as string) })),
  ];
  const both = [...keys, ...other.verifying];
  const { breaks, signed } = await verify(t, rotated, { keys: both });
  assert.deepEqual([breaks, signed?.checkpoints, signed?.unsigned], [[], 2, 0]);
  assert.deepEqual(shortBreaks(await verify(t, rotated, { keys })), ['signature 6 #6']);
  assert.deepEqual(shortBreaks(await verify(t, rotated, { keys: other.verifying })), ['signature 13 #13']);
});

test('a rest that is not signed is a break when it is too many records or too long', async (t) => {
  const rest = async (count: number, pauseMs: number) =>
    shortBreaks(await verify(t, await makeSignedLog(signing, [10, 'sign', count], { pauseMs }), { keys }));
  assert.deepEqual(await rest(2000, 10), []);
  assert.deepEqual(await rest(2001, 10), ['signature 12 #12-2012']);
  assert.deepEqual(await rest(4, 50_000), []);
  assert.deepEqual(await rest(5, 50_000), ['signature 12 #12-16']);
});

test('the downtime after a crash does not count, for the gateway signs when it runs again', async (t) => {
  const before = await makeSignedLog(signing, [10, 'sign', 4]);
  const at = startOfTime + 86_400_000;
  const after = headOf(before.at(-1) as string);
  const loaded = policyLoadedEvent({ old: undefined, new: 'v1' }, 'gateway-1', at);
  const found = await verify(t, [...before, ...makeLog([loaded], { after })], { keys });
  assert.deepEqual([found.breaks, found.signed?.unsigned], [[], 5]);
});

test('a checkpoint at the border of two files signs what stands before the second', async (t) => {
  for (const border of [8, 10, 11, 15]) {
    const after = headOf(log[border - 1] as string);
    const found = await verify(t, log.slice(border), { keys, after });
    assert.deepEqual([border, found.breaks, found.signed?.unsigned], [border, [], 3]);
    const wrong = { ...after, hash: 'a'.repeat(64) };
    assert.notDeepEqual((await verify(t, log.slice(border), { keys, after: wrong })).breaks, []);
  }
});

test('a checkpoint over a record of an earlier file leaves what stands between unsigned, and is no break', async (t) => {
  const held = await signCheckpoint({ ...headOf(log[4] as string), time: startOfTime }, signing);
  const late = [
    ...log.slice(0, 10),
    ...rechained([withJws(log, 11, held)[10] as string], headOf(log[9] as string)),
  ];
  const found = await verify(t, late.slice(7), { keys, after: headOf(log[7 - 1] as string) });
  assert.deepEqual([found.breaks, found.signed?.checkpoints, found.signed?.unsigned], [[], 1, 3]);
});

test('what was done to the chain before a checkpoint is told once, not again by the checkpoint', async (t) => {
  const breaksOf = async (lines: readonly string[]) => shortBreaks(await verify(t, lines, { keys }));
  assert.deepEqual(await breaksOf(log.toSpliced(9, 1)), ['missing 10 #10']);
  assert.deepEqual(await breaksOf(log.with(9, reworded(log[9] as string))), ['changed 10 #10']);
  assert.deepEqual(await breaksOf(log.toSpliced(10, 1)), ['missing 11 #11']);
  assert.deepEqual(await breaksOf([...log.slice(15), ...log.slice(0, 15)]), ['out-of-order 22 #1-15']);
});
