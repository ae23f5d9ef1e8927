// With a public key, a log is proved as a whole: whoever makes all numbers and hashes anew cannot make the signatures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactSign, type CryptoKey, importJWK } from 'jose';
import { signCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import { checkpointEvent, policyLoadedEvent } from '../../../src/audit/record/gateway-events.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { eventNamed } from '../../support/event-named.ts';
import {
  altered,
  descriptions,
  headOf,
  makeLog,
  plainEvent,
  rechained,
  reworded,
  shortFindings,
  startOfTime,
  verify,
} from './chained-log.ts';
import { checkpointOf, makeKeys, makeSignedLog } from './signed-log.ts';

const { signing, verifying: keys, privateJwk, publicJwk } = await makeKeys();
const privateKey = (await importJWK(privateJwk, 'EdDSA')) as CryptoKey;
const other = await makeKeys();
/** Checkpoints are records 11, 22 and 33; three are left unsigned. */
const steps = [10, 'sign', 10, 'sign', 10, 'sign', 3] as const;
const log = makeSignedLog(signing, steps);
const jwsIn = (line: string | undefined): string =>
  (JSON.parse(line ?? '') as AuditRecord).unmapped.checkpoint;
const withJws = (lines: readonly string[], number: number, jws: unknown): string[] =>
  lines.with(
    number - 1,
    altered(lines[number - 1] as string, (record) => {
      record.unmapped.checkpoint = jws;
    }),
  );

test('every checkpoint holds, and a short rest that is not signed yet is no break', async () => {
  const { findings, signed } = await verify(log, { keys });
  assert.deepEqual([findings, signed], [[], { checkpoints: 3, unsigned: 3, until: startOfTime + 300 }]);
});

test('a log that was rewritten as a whole is found, once', async () => {
  const found = await verify(rechained(log.with(0, reworded(log[0]))), { keys });
  assert.deepEqual(shortFindings(found), ['unsigned 11 #1-33']);
  assert.deepEqual(descriptions(found), [
    'Records 1 to 33: the checkpoint signs another record than the one before it.',
  ]);
  assert.equal((await verify(rechained(log.with(0, reworded(log[0]))))).findings.length, 0);
});

test('a log that was rewritten from the middle on is found behind the last checkpoint that holds', async () => {
  const forged = [...log.slice(0, 15), ...rechained(log.slice(15).map(reworded), headOf(log[14]))];
  assert.deepEqual(shortFindings(await verify(forged, { keys })), ['unsigned 22 #12-33']);
});

test('a last record that was changed or cut off is proved missing as soon as a checkpoint covered it', async () => {
  const covered = makeSignedLog(signing, [10, 'sign']);
  const [last, checkpoint] = covered.slice(-2) as [string, string];
  const changed = rechained([...covered.slice(0, 9), reworded(last), checkpoint]);
  assert.deepEqual(shortFindings(await verify(changed, { keys })), ['unsigned 11 #1-11']);
  const cut = rechained([...covered.slice(0, 9), checkpoint]);
  assert.deepEqual(shortFindings(await verify(cut, { keys })), ['unsigned 10 #1-10']);
});

test('a log without any checkpoint is not signed, however short it is', async () => {
  for (const count of [1, 20]) {
    const found = await verify(makeLog(count), { keys });
    assert.deepEqual(shortFindings(found), [`unsigned 1 #${count === 1 ? 1 : '1-20'}`]);
    assert.match(descriptions(found).join(), /: no checkpoint signs any record of chain [0-9a-f-]+\.$/);
  }
  // A forged run beside a signed one.
  assert.deepEqual(shortFindings(await verify([...log, ...makeLog(5)], { keys })), ['unsigned 37 #1-5']);
});

test('checkpoints by another key prove nothing, and are reported once', async () => {
  const found = await verify(log, { keys: other.verifying });
  assert.deepEqual(shortFindings(found), ['unsigned 11 #1-33']);
  assert.deepEqual(descriptions(found), ['Records 1 to 33: no given key made the checkpoint.']);
  assert.deepEqual(found.signed, { checkpoints: 0, unsigned: 36, until: undefined });
});

test('a checkpoint that was replaced by one of another key is found, also in a chain made anew', async () => {
  const head = headOf(log[31]);
  const jws = signCheckpoint(checkpointOf(head, startOfTime), other.signing);
  const forged = rechained(withJws(log, 33, jws));
  assert.deepEqual(shortFindings(await verify(forged, { keys })), ['unsigned 33 #23-33']);
});

test('a checkpoint that was removed from a chain made anew is found by the next one', async () => {
  const forged = rechained(log.toSpliced(10, 1));
  assert.deepEqual(shortFindings(await verify(forged, { keys })), ['unsigned 21 #1-32']);
});

test('a signature copied from elsewhere proves nothing: of this log, or of another chain in it', async () => {
  const again = [
    ...log.slice(0, 30),
    ...rechained(withJws(log, 33, jwsIn(log[21])).slice(30), headOf(log[29])),
  ];
  const found = await verify(again, { keys });
  assert.deepEqual(shortFindings(found), ['unsigned 33 #23-33']);
  assert.deepEqual(descriptions(found), [
    'Records 23 to 33: the checkpoint signs another record than the one before it.',
  ]);
  // A forged run that bears a true signature of the run before it.
  const run = makeSignedLog(signing, [15, 'sign'], {
    time: startOfTime + 1e6,
    sign: () => jwsIn(log[10]),
  });
  assert.deepEqual(shortFindings(await verify([...log, ...run], { keys })), ['unsigned 52 #1-16']);
});

test('what is no signature by an asymmetric key over a checkpoint is refused', async () => {
  const head = checkpointOf(headOf(log[31]), startOfTime);
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: signing.algorithm, kid: signing.keyId, typ: 'peergate-checkpoint' };
  const signed = (payload: unknown, protectedHeader: object, key: CryptoKey | Uint8Array = privateKey) =>
    new CompactSign(text(payload)).setProtectedHeader(protectedHeader as { alg: string }).sign(key);
  const good = await signed(head, header);
  const [protectedPart, , signature] = good.split('.');
  const forgeries: unknown[] = [
    `${encode({ ...header, alg: 'none' })}.${encode(head)}.`,
    // The public key as an HMAC secret (RFC 8725 section 2.1).
    await signed(head, { ...header, alg: 'HS256' }, text(publicJwk)),
    await signed(head, { ...header, typ: 'JWT' }),
    await signed(head, { alg: header.alg, kid: header.kid }),
    await signed({ ...head, note: 'more' }, header),
    await signed({ sequence: head.sequence, fingerprint: head.fingerprint }, header),
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
  assert.deepEqual((await verify(rechained(lines.slice(0, 33)), { keys })).findings, []);
  for (const forgery of forgeries) {
    const forged = [
      ...log.slice(0, 32),
      ...rechained([withJws(log, 33, forgery)[32] as string], headOf(log[31])),
    ];
    assert.deepEqual(shortFindings(await verify(forged, { keys })), ['unsigned 33 #23-33'], String(forgery));
  }
});

test('after a new key, which begins a chain, a set of both proves the log, and each alone does not', async () => {
  const chains = [
    ...makeSignedLog(other.signing, [5, 'sign', 2]),
    ...makeSignedLog(signing, [4, 'sign'], { time: startOfTime + 1e6 }),
  ];
  const both = [...keys, ...other.verifying];
  const { findings, signed } = await verify(chains, { keys: both });
  assert.deepEqual([findings, signed?.checkpoints, signed?.unsigned], [[], 2, 2]);
  assert.deepEqual(shortFindings(await verify(chains, { keys })), ['unsigned 6 #1-6']);
  assert.deepEqual(shortFindings(await verify(chains, { keys: other.verifying })), ['unsigned 13 #1-5']);
});

/** Findings in a log that has so many records, so far apart, behind its first checkpoint. */
const unsignedIn = async (count: number, pauseMs: number, end: readonly 'sign'[]) =>
  shortFindings(await verify(makeSignedLog(signing, [1, 'sign', count, ...end], { pauseMs }), { keys }));

for (const [where, end] of [
  ['in the unsigned tail', []],
  ['newly covered by one checkpoint', ['sign']],
] as const) {
  test(`more than 1,000 records or 60 s of record time ${where} are a finding`, async () => {
    assert.deepEqual(await unsignedIn(1000, 10, end), []);
    assert.deepEqual(await unsignedIn(1001, 10, end), ['unsigned 3 #3-1003']);
    assert.deepEqual(await unsignedIn(5, 15_000, end), []);
    assert.deepEqual(await unsignedIn(6, 15_000, end), ['unsigned 3 #3-8']);
  });
}

test('600 records over three weeks behind a checkpoint are a finding, whatever the last one claims to be', async () => {
  const threeWeeks = 21 * 24 * 3_600_000;
  const signed = makeSignedLog(signing, [1, 'sign']);
  const pause = threeWeeks / 600;
  const events = Array.from({ length: 600 }, (_, index) => plainEvent(startOfTime + index * pause));
  const loaded = policyLoadedEvent(
    { old: undefined, new: 'a'.repeat(64) },
    'gateway-1',
    startOfTime + threeWeeks,
  );
  const timeless = eventNamed('peering.list.outcome', { time: 'never' });
  for (const last of [loaded, timeless, plainEvent(startOfTime + threeWeeks)]) {
    const forged = makeLog([...events, last], { after: headOf(signed.at(-1)) });
    assert.deepEqual(shortFindings(await verify([...signed, ...forged], { keys })), ['unsigned 3 #3-603']);
  }
  const few = makeLog([timeless], { after: headOf(signed.at(-1)) });
  assert.deepEqual(shortFindings(await verify([...signed, ...few], { keys })), ['unsigned 3 #3']);
});

test('records that call themselves checkpoints count like others unless they are valid', async () => {
  const signed = makeSignedLog(signing, [1, 'sign']);
  const events = Array.from({ length: 1001 }, () =>
    checkpointEvent(jwsIn(signed[1]), 'gateway-1', startOfTime),
  );
  const forged = makeLog(events, { after: headOf(signed.at(-1)) });
  assert.notDeepEqual((await verify([...signed, ...forged], { keys })).findings, []);
});

test('a crash with a few unsigned records and a long downtime is no finding', async () => {
  const before = makeSignedLog(signing, [10, 'sign', 4]);
  const after = headOf(before.at(-1));
  const at = startOfTime + 2 * 3_600_000;
  // The gateway signs what it found before it writes anything else.
  const jws = signCheckpoint(checkpointOf(after, at), signing);
  const again = makeLog([checkpointEvent(jws, 'gateway-1', at), plainEvent(at)], { after });
  const found = await verify([...before, ...again], { keys });
  assert.deepEqual([found.findings, found.signed?.unsigned], [[], 1]);
});

test('a checkpoint at the border of two files signs what stands before the second', async () => {
  for (const border of [8, 10, 11, 15]) {
    const after = headOf(log[border - 1]);
    const found = await verify(log.slice(border), { keys, after });
    assert.deepEqual([border, found.findings, found.signed?.unsigned], [border, [], 3]);
    const wrong = { ...after, fingerprint: 'a'.repeat(64) };
    assert.notDeepEqual((await verify(log.slice(border), { keys, after: wrong })).findings, []);
  }
});

test('a true signature over an earlier record than the one before it proves nothing', async () => {
  const held = signCheckpoint(checkpointOf(headOf(log[4]), startOfTime), signing);
  const late = [...log.slice(0, 10), ...rechained([withJws(log, 11, held)[10] as string], headOf(log[9]))];
  for (const [from, after] of [
    [0, undefined],
    [7, headOf(log[7 - 1])],
  ] as const)
    assert.deepEqual(shortFindings(await verify(late.slice(from), { keys, after })), [
      `unsigned ${11 - from} #${from + 1}-11`,
    ]);
});

test('what was done to the chain before a checkpoint is reported once, not again by the checkpoint', async () => {
  const findingsOf = async (lines: readonly string[]) => shortFindings(await verify(lines, { keys }));
  assert.deepEqual(await findingsOf(log.toSpliced(9, 1)), ['missing 10 #10']);
  assert.deepEqual(await findingsOf(log.with(9, reworded(log[9]))), ['changed 10 #10']);
  assert.deepEqual(await findingsOf(log.toSpliced(10, 1)), ['missing 11 #11']);
});
