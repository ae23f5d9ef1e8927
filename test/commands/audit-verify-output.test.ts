// What `audit verify` prints: lines that fit a terminal and hold nothing but text, or one object for programs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { auditVerifyCommand } from '../../src/commands/audit-verify.ts';
import { headOf, makeLog, startOfTime } from '../audit/verify/chained-log.ts';
import { makeKeys, makeSignedLog } from '../audit/verify/signed-log.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { auditVerify, deleteBy, intentBy, text, written } from './audit-verify-run.ts';
import { folderWith } from './policy-run.ts';

const log = makeLog(20);
const keys = await makeKeys();
const id = '5f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b22';

/** A subject that would clear the screen, colour it and write right to left, beyond the first plane too. */
const hostile = 'svc-\u001b[2J\u202e\u009b31m\r\n\u{e0001}';

test('open intents end with status 1, each with what to look for upstream', async () => {
  const [intent, unknown] = intentBy('svc-payments', id);
  for (const [events, words] of [
    [[intent], 'no outcome was recorded'],
    [[intent, unknown], 'its outcome is that nobody can know'],
  ] as const) {
    const { status, out } = await auditVerify([await written(text(makeLog(events)))]);
    assert.equal(status, 1);
    const flat = out.replaceAll(/\s+/g, ' ');
    const place = /\/audit\.log:1 /;
    assert.match(flat, place);
    for (const part of [
      '1 intent without an outcome',
      `2026-11-01T00:00:00.000Z create by svc-payments: ${words}.`,
      `Look upstream: has cluster ${clusterId} a peering with vpc-0123456789abcdef0 (10.20.4.0/22, account 111122223333, ap-southeast-1)?`,
    ])
      assert.equal(flat.includes(part), true, `${part}\n${flat}`);
  }
});

test('an open delete asks whether the peering is still there', async () => {
  const peeringId = 'e2e81cba-446e-4ff9-9b92-9a9992af44c6';
  const path = await written(text(makeLog([deleteBy('svc-payments', id, peeringId)])));
  const { status, out } = await auditVerify([path]);
  assert.equal(status, 1);
  const question = `Look upstream: is peering ${peeringId} of cluster ${clusterId} still there, and neither deleting nor deleted?`;
  assert.ok(out.replaceAll(/\s+/g, ' ').includes(question), out);
  const [described] = JSON.parse((await auditVerify(['--json', path])).out).openIntents;
  assert.deepEqual([described.action, described.peeringId], ['delete', peeringId]);
});

test('a line has 80 columns at most, but for hashes and paths', async () => {
  const subject = `https://idp.example.com/tenants/acme|${'payments-'.repeat(4)}`;
  const events = [
    ...intentBy(subject, id),
    ...intentBy('f47ac10b-58cc-4372-a567-0e02b2c3d479', 'b', { cidrBlock: '100.120.124.128/28' }).slice(0, 1),
  ];
  const lines = makeLog([...events, ...Array(20).fill(events[0])]);
  const forged = [...lines.slice(0, 8), ...lines.slice(12)];
  const [path, key] = [await written(text(forged)), await written(JSON.stringify(keys.publicJwk))];
  const { out } = await auditVerify(['--key', key, path]);
  assert.match(out, /missing/);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 80 && !/[0-9a-f]{64}|\//.test(line)),
    [],
  );
  assert.deepEqual(
    auditVerifyCommand.help.split('\n').filter((line) => line.length > 80),
    [],
  );
});

test('--json is one object on one line, with the members that the help lists', async () => {
  const signed = await makeSignedLog(keys.signing, [10, 'sign', 3]);
  const [, rest] = [
    signed,
    makeLog(intentBy('svc', id).slice(0, 1), { after: headOf(signed.at(-1) as string) }),
  ];
  const path = await folderWith({
    key: JSON.stringify(keys.publicJwk),
    'audit.log': text([...signed, ...rest].toSpliced(1, 1)),
    'whole.log': text(signed),
  });
  const found = await auditVerify(['--json', '--key', path('key'), path('audit.log')]);
  assert.equal(found.status, 1);
  assert.match(found.out, /^\{[^\n]*\}\n$/);
  const { chain } = headOf(rest[0]);
  const description = 'Record 2: missing or unreadable.';
  assert.deepEqual(JSON.parse(found.out), {
    ok: false,
    records: 14,
    otherLines: 0,
    chains: 1,
    last: { sequence: 15, fingerprint: headOf(rest[0]).fingerprint },
    signed: { checkpoints: 1, unsigned: 4, until: new Date(startOfTime + 100).toISOString() },
    findings: [{ kind: 'missing', file: path('audit.log'), line: 2, chain, from: 2, to: 2, description }],
    moreFindings: 0,
    openIntents: [
      {
        file: path('audit.log'),
        line: 14,
        outcome: 'none',
        time: '2026-11-01T00:00:00.000Z',
        action: 'create',
        subject: 'svc',
        gatewayRequestId: id,
        clusterId,
        peeringId: '?',
        ...(({ vpcId, cidrBlock, accountId }) => ({ vpcId, cidrBlock, accountId }))(allowed),
        region: 'ap-southeast-1',
      },
    ],
  });
  const whole = await auditVerify(['--json', path('whole.log')]);
  const { ok, signed: without } = JSON.parse(whole.out) as { ok: boolean; signed: unknown };
  assert.deepEqual([whole.status, ok, without], [0, true, null]);
  const members = [
    ...Object.keys(JSON.parse(found.out)),
    ...Object.keys(JSON.parse(found.out).openIntents[0]),
  ];
  for (const member of members) assert.match(auditVerifyCommand.help, new RegExp(`\\b${member}\\b`));
});

test('control characters of a log never reach the terminal, and --json still holds them', async () => {
  const [intent] = intentBy(hostile, hostile, { vpcId: hostile, cidrBlock: hostile, accountId: hostile });
  const path = await written(text(makeLog([intent])));
  const { out } = await auditVerify([path]);
  assert.match(out, /svc-�\[2J��31m/);
  assert.doesNotMatch(out, /(?!\n)[\p{Cc}\p{Cf}]/u);
  const json = (await auditVerify(['--json', path])).out;
  assert.doesNotMatch(json, /(?!\n$)[\p{Cc}\p{Cf}]/u);
  assert.equal((JSON.parse(json) as { openIntents: [{ subject: string }] }).openIntents[0].subject, hostile);
  const { err } = await auditVerify([`${path}-\u001b[2J`]);
  assert.doesNotMatch(err, /(?!\n)[\p{Cc}\p{Cf}]/u);
});

test('a bar shows on a terminal how far a long log has been read, and leaves nothing behind', async () => {
  const filler = `${JSON.stringify({ level: 30, msg: 'x'.repeat(1000) })}\n`.repeat(9000);
  const path = await folderWith({
    long: `${text(log)}${filler}`,
    short: text(log),
    'cut.gz': gzipSync(filler).subarray(0, -9),
  });
  const watched = await auditVerify([path('long')], { watched: true });
  assert.match(watched.err, /\r█+░* \d+ % read/);
  assert.match(watched.err, /\r█+ 100 % read/);
  assert.ok(watched.err.endsWith('\r\x1b[K'));
  assert.deepEqual(await auditVerify([path('long')]), { ...watched, err: '' });
  assert.equal((await auditVerify([path('short')], { watched: true })).err, '');
  const broken = await auditVerify([path('long'), path('cut.gz')], { watched: true });
  const [, message = ''] = broken.err.split('\r\x1b[KThe audit log cannot be checked: ');
  assert.match(message, /^[^\n]*unexpected end of file\n$/);
});

test('colours come only where they are welcome', async () => {
  const path = await written(text(log.toSpliced(3, 1)));
  const coloured = await auditVerify([path], { colours: true });
  assert.ok(coloured.out.includes('\x1b[31m1 finding\x1b[0m'));
  assert.equal(stripVTControlCharacters(coloured.out), (await auditVerify([path])).out);
});
