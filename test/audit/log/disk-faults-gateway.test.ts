// The whole gateway on a disk that fails or hangs: what cannot be recorded is not forwarded, what was forwarded is
// recorded as soon as that can be, and the gateway says at /readyz how it stands.
import assert from 'node:assert/strict';
import { rename, stat, unlink } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { assertUnavailable, assertVerified, codesIn, recordsIn, startWithFile } from './audit-file.ts';
import { BrokenFiles } from './broken-files.ts';

const closedIntent = ['peering.create.intent', 'peering.create.outcome'];

for (const [operation, code] of [
  ['fdatasync', 'EIO'],
  ['write', 'ENOSPC'],
  ['open', 'EROFS'],
] as const)
  test(`while ${operation} fails with ${code} no create is forwarded and readiness fails; then all goes on by itself`, async (t) => {
    const logFiles = new BrokenFiles();
    const gateway = await startWithFile(t, { logFiles });
    await gateway.becomesReady();
    assert.equal((await gateway.create()).status, 201);
    logFiles.fail(operation, code);
    // A file that is open is not opened again.
    if (operation === 'open') await gateway.reopenAudit();
    const sent = gateway.forwarded().length;
    for (let count = 0; count < 3; count += 1) assertUnavailable(await gateway.create());
    const authorization = `Bearer ${await gateway.issuer.sign()}`;
    assertUnavailable(await gateway.call({ headers: { authorization } }));
    const { status, json } = await gateway.readiness();
    assert.equal(status, 503);
    assert.equal(json.checks.audit, false);
    assert.equal(gateway.forwarded().length, sent);
    assert.equal(gateway.logged('the audit file cannot be written').length, 1);
    logFiles.heal();
    await gateway.becomesReady();
    assert.equal((await gateway.create()).status, 201);
    assert.equal(gateway.creates().length, 2);
    await gateway.stop();
    await assertVerified([gateway.path]);
    const codes = (await codesIn(gateway.path)).filter((name) => name.startsWith('peering.create'));
    // The first refusal had its place in the chain already; it is closed. The others never had one.
    assert.deepEqual(codes, [...closedIntent, ...closedIntent, ...closedIntent]);
    assert.equal(logFiles.openFiles, 0);
  });

test('a sync that hangs refuses creates after two seconds, and what got into the file is closed when it ends', async (t) => {
  const logFiles = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles });
  await gateway.becomesReady();
  logFiles.hang('fdatasync');
  assertUnavailable(await gateway.create());
  const { status, json } = await gateway.readiness();
  assert.deepEqual([status, json.checks.audit], [503, false]);
  assertUnavailable(await gateway.create());
  assert.deepEqual(gateway.creates(), []);
  // The intent is in the file, for all that anybody knows.
  assert.equal((await codesIn(gateway.path)).at(-1), 'peering.create.intent');
  logFiles.heal();
  await gateway.becomesReady();
  const records = await gateway.inFile();
  const [intent, outcome] = records.slice(-2);
  assert.deepEqual(
    [intent, outcome].map((record) => record?.metadata.event_code),
    closedIntent,
  );
  assert.equal(outcome?.api.request.uid, intent?.api.request.uid);
  assert.equal(outcome?.status_id, 2);
  assert.equal(outcome?.unmapped.upstream.sent, 'no');
  assert.deepEqual(gateway.creates(), []);
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
  await assertVerified([gateway.path]);
});

test('an outcome that cannot be written keeps no answer from its caller, and follows when the disk is well', async (t) => {
  const logFiles = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles });
  await gateway.becomesReady();
  // The intent gets through.
  logFiles.fail('fdatasync', 'EIO', 1);
  const reply = await gateway.create();
  assert.equal(reply.status, 201);
  assert.equal((await gateway.readiness()).status, 503);
  assert.equal(gateway.logged('failed to record the outcome of a request').length, 1);
  assert.equal((await codesIn(gateway.path)).at(-1), 'peering.create.intent');
  assertUnavailable(await gateway.create());
  logFiles.heal();
  await gateway.becomesReady();
  const outcome = (await gateway.inFile()).find(
    ({ metadata }) => metadata.event_code === 'peering.create.outcome',
  );
  assert.equal(outcome?.unmapped.upstream.resourceId, reply.json.id);
  await gateway.stop();
  await assertVerified([gateway.path]);
});

test('an outcome that is pending when the gateway stops is written if the disk works by then', async (t) => {
  const logFiles = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles });
  await gateway.becomesReady();
  logFiles.fail('write', 'EIO', 1);
  assert.equal((await gateway.create()).status, 201);
  logFiles.heal();
  const tried = performance.now();
  // The file is left alone for a moment after a failure.
  await until('the file may be tried again', () => performance.now() > tried + 60);
  await gateway.stop();
  await assertVerified([gateway.path]);
});

test('a gateway that has stopped leaves its file alone, whatever it still owes', async (t) => {
  const logFiles = new BrokenFiles();
  const gateway = await startWithFile(t, { logFiles });
  await gateway.becomesReady();
  logFiles.fail('write', 'EIO', 1);
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
  assert.equal(logFiles.openFiles, 0);
  logFiles.heal();
  const calls = logFiles.count('open');
  await gateway.reopenAudit();
  assert.equal(logFiles.count('open'), calls);
  assert.equal((await codesIn(gateway.path)).at(-1), 'peering.create.intent');
});

test('a disk that hangs at the start makes a gateway that is not ready, and becomes ready with it', async (t) => {
  const logFiles = new BrokenFiles();
  logFiles.hang('fdatasync');
  const gateway = await startWithFile(t, { logFiles });
  assert.equal((await gateway.readiness()).status, 503);
  assertUnavailable(await gateway.create());
  logFiles.heal();
  await gateway.becomesReady();
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
  await assertVerified([gateway.path]);
});

test('a disk that fails at the start makes a gateway that is not ready, and becomes ready with it', async (t) => {
  const logFiles = new BrokenFiles();
  logFiles.fail('write', 'ENOSPC');
  const gateway = await startWithFile(t, { logFiles });
  assert.equal((await gateway.readiness()).status, 503);
  assertUnavailable(await gateway.create());
  assert.deepEqual(gateway.creates(), []);
  logFiles.heal();
  await gateway.becomesReady();
  await gateway.stop();
  assert.deepEqual(
    (await recordsIn(gateway.path)).slice(0, 3).map(({ metadata }) => metadata.event_code),
    ['audit.chain-started', 'gateway.started', 'policy.loaded'],
  );
  await assertVerified([gateway.path]);
});

test('creates go on through a file that is renamed and one that is deleted, each intent in a file that is there', async (t) => {
  const gateway = await startWithFile(t);
  await gateway.becomesReady();
  assert.equal((await gateway.create()).status, 201);
  await rename(gateway.path, `${gateway.path}.1`);
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(await codesIn(gateway.path), closedIntent);
  await assertVerified([`${gateway.path}.1`, gateway.path]);
  await unlink(gateway.path);
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(await codesIn(gateway.path), closedIntent);
  assert.equal(gateway.logged('the audit log continues in another file').length, 2);
  assert.equal((await gateway.readiness()).status, 200);
});

test('a reopening goes on in a new file at once, without a record', async (t) => {
  const gateway = await startWithFile(t);
  await rename(gateway.path, `${gateway.path}.1`);
  await gateway.reopenAudit();
  assert.equal((await stat(gateway.path)).size, 0);
});

test('of two gateways with one file, one refuses every create from its first on, and the chain stays whole', async (t) => {
  const first = await startWithFile(t);
  await first.becomesReady();
  assert.equal((await first.create()).status, 201);
  const second = await startWithFile(t, { path: first.path });
  await second.becomesReady();
  assertUnavailable(await first.create());
  assert.equal((await second.create()).status, 201);
  assertUnavailable(await first.create());
  assert.equal((await first.readiness()).status, 503);
  assert.equal(first.creates().length, 1);
  await Promise.all([first.stop(), second.stop()]);
  await assertVerified([first.path]);
});
