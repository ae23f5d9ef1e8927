// `audit verify` as an auditor or a script meets it: what ends with which status, and why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { headOf, makeLog, reworded } from '../audit/verify/chained-log.ts';
import { makeKeys, makeSignedLog } from '../audit/verify/signed-log.ts';
import { allowed, startTestGateway } from '../support/gateway.ts';
import { auditVerify, text, written } from './audit-verify-run.ts';
import { folderWith } from './policy-run.ts';

const log = makeLog(20);
const { fingerprint } = headOf(log[19]);
const keys = await makeKeys();

test('a whole log ends with status 0, the count, and the last record for the next check', async () => {
  assert.deepEqual(await auditVerify([await written(text(log))]), {
    status: 0,
    out: `20 records, 1 chain\nEvery record is there, once and unchanged.\nSignatures were not checked: that takes --key.\nEvery intent has its outcome.\nThe last record, for --after:\n  20:${fingerprint}\n`,
    err: '',
  });
});

test('what it prints is what --after continues from', async () => {
  const path = await folderWith({
    a: text(log.slice(0, 10)),
    b: text(log.slice(10)),
    c: text(log.slice(11)),
  });
  const [head = ''] = /\d+:[0-9a-f]{64}/.exec((await auditVerify([path('a')])).out) ?? [];
  assert.equal((await auditVerify([path('b')])).status, 1);
  assert.equal((await auditVerify(['--after', head, path('b')])).status, 0);
  const gap = await auditVerify(['--after', head, path('c')]);
  assert.equal(gap.status, 1);
  assert.match(gap.out, /^ {2}missing\n {4}Record 11: no record follows the given one\.$/m);
});

test('findings end with status 1, each with its kind, its line and a sentence', async () => {
  const forged = log.with(9, reworded(log[9] as string)).toSpliced(14, 2);
  const { status, out } = await auditVerify([await written(text(forged))]);
  assert.equal(status, 1);
  assert.match(out, /^2 findings$/m);
  assert.match(
    out,
    /^ {2}changed: \S*\/audit\.log:10\n {4}Record 10: content and fingerprint do not match\.$/m,
  );
  assert.match(out, /^ {2}missing: \S*\/audit\.log:15\n {4}Records 15 to 16: missing or unreadable\.$/m);
});

test('with --key the signatures are told of, and a log without any is not proved', async () => {
  const signed = await makeSignedLog(keys.signing, [10, 'sign', 3]);
  const path = await folderWith({
    public: JSON.stringify(keys.publicJwk),
    private: JSON.stringify(keys.privateJwk),
    set: JSON.stringify({ keys: [(await makeKeys('ES256')).publicJwk, keys.publicJwk] }),
    'signed.log': text(signed),
    'bare.log': text(log),
  });
  for (const key of ['public', 'set']) {
    const { status, out } = await auditVerify(['--key', path(key), path('signed.log')]);
    assert.equal(status, 0);
    assert.match(out, /^1 valid checkpoint until 2026-11-01T00:00:00\.100Z,\n {2}3 records not signed yet$/m);
  }
  const refused = await auditVerify(['--key', path('private'), path('signed.log')]);
  assert.equal(refused.status, 1);
  assert.match(refused.err, /holds a private key; give the public one/);
  assert.equal((await auditVerify(['--key', path('public'), path('bare.log')])).status, 1);
});

test('a key that cannot be used ends with status 1 and not a word of its file', async () => {
  const path = await folderWith({
    secret: JSON.stringify({ kty: 'oct', k: 'c2VjcmV0LXNlY3JldA' }),
    nonsense: 'c2VjcmV0LXNlY3JldA',
    'audit.log': text(log),
  });
  for (const key of ['secret', 'nonsense', 'missing']) {
    const { status, out, err } = await auditVerify(['--key', path(key), path('audit.log')]);
    assert.deepEqual([status, out], [1, '']);
    assert.match(err, /^The audit log cannot be checked: /);
    assert.equal(err.includes(path(key)), true);
    assert.doesNotMatch(err, /c2Vj/);
  }
});

test('a file that is missing, no file, or cut off ends with status 1 and its name', async () => {
  const packed = gzipSync(text(log));
  const path = await folderWith({
    'audit.log': text(log),
    'cut.log.gz': packed.subarray(0, -9),
    'plain.gz': text(log),
  });
  for (const [name, reason] of [
    ['missing.log', /ENOENT/],
    ['.', /EISDIR/],
    ['cut.log.gz', /unexpected end of file/],
    ['plain.gz', /incorrect header check/],
  ] as const) {
    const { status, out, err } = await auditVerify([path('audit.log'), path(name)]);
    assert.deepEqual([status, out], [1, '']);
    assert.match(err, /^The audit log cannot be checked: [^\n]*\n$/);
    assert.match(err, reason);
    assert.equal(err.includes(path(name)), true);
  }
});

test('files without a record end with status 1', async () => {
  const path = await written('{"level":30}\n');
  assert.deepEqual(await auditVerify([path]), {
    status: 1,
    out: 'There is no audit record in these files.\n',
    err: '',
  });
  const json = await auditVerify(['--json', path]);
  assert.deepEqual([json.status, (JSON.parse(json.out) as { ok: boolean }).ok], [1, false]);
});

test('a wrong call ends with status 2 and the usage', async () => {
  const path = await written(text(log));
  for (const args of [
    [],
    ['--all', path],
    ['--after', '7', path],
    ['--after', `0:${fingerprint}`, path],
    ['--after', `20:${fingerprint.slice(1)}`, path],
    ['--after', `x:${fingerprint}`, path],
    ['--key', path],
  ]) {
    const { status, out, err } = await auditVerify(args);
    assert.deepEqual([args, status, out], [args, 2, '']);
    assert.match(err, /Usage: bin\/peergate audit verify/);
  }
});

test('the log of a real gateway is whole', async (t) => {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    return Promise.resolve();
  };
  const gateway = await startTestGateway(t, { sink: { write } });
  assert.equal((await gateway.create()).status, 201);
  assert.equal((await gateway.create({ ...allowed, region: 'ap-south-1' })).status, 403);
  await gateway.stop();
  const { status, out } = await auditVerify([await written(text(lines))]);
  assert.equal(status, 0, out);
  assert.match(out, /^7 records, 1 chain\n/);
});
