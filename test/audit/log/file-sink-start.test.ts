// A gateway that finds the audit log of an earlier run goes on in its chain, whatever state the file was left in.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openAuditLog } from '../../../src/audit/log/audit-log.ts';
import { systemClock } from '../../../src/clock.ts';
import type { LineWriter } from '../../../src/logging/line-writer.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { altered, headOf } from '../verify/chained-log.ts';
import { assertVerified, codesIn, recordsIn, startWithFile } from './audit-file.ts';
import { setAsideFrom } from './start-sink.ts';

/** A log with one create in it, whose gateway has stopped. */
async function earlierLog(test: TestContext): Promise<string> {
  const path = join(temporaryFolder(), 'audit.log');
  const gateway = await startWithFile(test, { path });
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
  return path;
}

const ofOneRun = ['policy.loaded', 'peering.create.intent', 'peering.create.outcome'];

/** Starts, creates, stops. */
async function runOn(test: TestContext, path: string) {
  const gateway = await startWithFile(test, { path });
  await gateway.becomesReady();
  assert.equal((await gateway.create()).status, 201);
  await gateway.stop();
  return gateway;
}

test('an existing file is gone on with, in the same chain', async (t) => {
  const path = await earlierLog(t);
  await runOn(t, path);
  assert.deepEqual(await codesIn(path), [...ofOneRun, ...ofOneRun]);
  await assertVerified([path]);
});

test('an empty file begins the chain', async (t) => {
  const path = join(temporaryFolder(), 'audit.log');
  await writeFile(path, '');
  await runOn(t, path);
  assert.equal((await recordsIn(path))[0]?.metadata.sequence, 1);
  await assertVerified([path]);
});

const half = '{"category_uid":6,"class_uid":6003,"metadata":{"event_co';
for (const [what, torn] of [
  ['half a line', () => Buffer.from(half)],
  ['a complete record without its newline', (line: string) => Buffer.from(line)],
  ['NUL bytes', () => Buffer.alloc(4096)],
] as const)
  test(`${what} at the end is set aside as it is, and a record says so before any other`, async (t) => {
    const path = await earlierLog(t);
    const lastLine = (await readFile(path, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
    const bytes = torn(lastLine);
    await appendFile(path, bytes);
    const gateway = await runOn(t, path);
    const records = await recordsIn(path);
    assert.deepEqual(await codesIn(path), [...ofOneRun, 'audit.recovered', ...ofOneRun]);
    const recovered = records.find(({ metadata }) => metadata.event_code === 'audit.recovered');
    const [file, ...more] = await setAsideFrom(path);
    assert.deepEqual(more, []);
    assert.match(file ?? '', /^audit\.log\.torn-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z$/);
    assert.deepEqual(await readFile(join(dirname(path), file ?? '')), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(recovered?.unmapped.recovered, { file, bytes: bytes.length, sha256 });
    assert.equal(gateway.logged('a line of the audit log that was never finished was set aside').length, 1);
    await assertVerified([path]);
  });

test('a file that holds nothing but half a line is set aside whole, and begins the chain', async (t) => {
  const path = join(temporaryFolder(), 'audit.log');
  await writeFile(path, half);
  await runOn(t, path);
  assert.deepEqual(await codesIn(path), ['audit.recovered', ...ofOneRun]);
  await assertVerified([path]);
});

for (const name of ['audit.log.1', 'audit.log-20261122.gz', 'audit-20261122.log'])
  test(`a log that was rotated into ${name} while the gateway was stopped is gone on with in a new file`, async (t) => {
    const path = await earlierLog(t);
    const rotated = join(dirname(path), name);
    if (name.endsWith('.gz')) {
      await writeFile(rotated, gzipSync(await readFile(path)));
      await rm(path);
    } else await rename(path, rotated);
    await runOn(t, path);
    assert.deepEqual(await codesIn(path), ofOneRun);
    assert.equal((await recordsIn(path))[0]?.metadata.sequence, 7);
    await assertVerified([rotated, path]);
  });

test('a log is gone on with behind its last record, also when an older file was compressed later', async (t) => {
  const path = await earlierLog(t);
  const [older, newer] = [`${path}-20261128`, `${path}-20261129`];
  await rename(path, older);
  await runOn(t, path);
  await rename(path, newer);
  await writeFile(`${older}.gz`, gzipSync(await readFile(older)));
  await rm(older);
  await runOn(t, path);
  await assertVerified([`${older}.gz`, newer, path]);
});

test('the log of another gateway in the same folder is not gone on with', async (t) => {
  const path = join(temporaryFolder(), 'audit.log');
  const other = await startWithFile(t, { path: join(dirname(path), 'audit-2.log') });
  await runOn(t, path);
  await other.stop();
  await assertVerified([path]);
  await assertVerified([other.path]);
});

test('behind a last record that is not as it was written a new chain begins, and an error is logged', async (t) => {
  const path = await earlierLog(t);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const retimed = altered(lines.at(-1), (record) => {
    record.duration = 7;
  });
  await writeFile(path, `${[...lines.slice(0, -1), retimed].join('\n')}\n`);
  const gateway = await runOn(t, path);
  const [error] = gateway.logged('a new chain begins in the audit log: run `audit verify` on the old one');
  assert.deepEqual([error?.level, error?.reason], ['error', 'last-record-invalid']);
  const started = (await recordsIn(path)).filter(
    ({ metadata }) => metadata.event_code === 'audit.chain-started',
  );
  const { chain, sequence, fingerprint } = headOf(lines.at(-1));
  const oldChain = { chain, sequence, fingerprint, reason: 'last-record-invalid', openIntents: 0 };
  assert.deepEqual(
    started.map(({ unmapped }) => unmapped),
    [{}, { oldChain }],
  );
});

test('a log that is whole is no reason for an error, and leaves nothing beside itself', async (t) => {
  const path = await earlierLog(t);
  const gateway = await runOn(t, path);
  assert.deepEqual(
    gateway.logs.filter(({ level }) => level === 'error' || level === 'warn'),
    [],
  );
  assert.deepEqual(await readdir(dirname(path)), ['audit.log']);
});

test('an existing log whose end cannot be read is no log to begin anew', async (t) => {
  const path = await earlierLog(t);
  await rename(path, `${path}.1.xz`);
  const opened = openAuditLog(
    { file: path, signingKeyFile: undefined },
    {
      clock: systemClock,
      logger: createLogger('info', { log: () => undefined } as unknown as LineWriter),
      reporter: { version: '0', instance: 'test' },
      sink: { write: () => Promise.reject(new Error('nothing comes here')) },
    },
  );
  await assert.rejects(opened, /audit\.log\.1\.xz, which cannot be read/);
  assert.deepEqual(await readdir(dirname(path)), ['audit.log.1.xz']);
});
