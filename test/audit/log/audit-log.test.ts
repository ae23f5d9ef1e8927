// The audit log put together, without a gateway around it: what its first records are, what it continues from, what is told
// and logged about it, and that nothing about it rejects but a log that cannot be read.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openAuditLog } from '../../../src/audit/log/audit-log.ts';
import type { AuditSink } from '../../../src/audit/log/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Logger } from '../../../src/logging/logger.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { eventNamed } from '../../support/event-named.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { headOf, makeLog, plainEvent, startOfTime, verify, writeLogs } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';
import { BrokenFiles } from './broken-files.ts';
import { FaultySink } from './faulty-sink.ts';

const keys = await makeKeys();
const [keyFile = ''] = await writeLogs({ 'key.jwk': JSON.stringify(keys.privateJwk) });

interface Options {
  readonly file?: string | undefined;
  readonly signed?: boolean;
  readonly sink?: AuditSink;
  readonly files?: BrokenFiles;
  readonly watched?: boolean;
}

async function open(t: TestContext, options: Options = {}) {
  const logged: { level: string; fields: Record<string, unknown>; msg: string }[] = [];
  const log = (level: string) => (first: object | string, msg?: string) =>
    logged.push({ level, fields: typeof first === 'string' ? {} : { ...first }, msg: msg ?? String(first) });
  const told: string[] = [];
  const audit = await openAuditLog(
    { file: options.file, signingKeyFile: options.signed ? keyFile : undefined },
    {
      clock: systemClock,
      logger: { info: log('info'), warn: log('warn'), error: log('error') } as unknown as Logger,
      reporter: { version: '1.2.3', instance: 'gateway-7' },
      sink: options.sink ?? { write: () => Promise.reject(new Error('nothing comes here')) },
      logFiles: options.files,
      watch: options.watched
        ? {
            appended: (code) => told.push(`sealed ${code}`),
            written: (seconds) => told.push(`written ${seconds}`),
            failed: () => told.push('failed'),
            synced: (seconds) => told.push(`synced ${seconds}`),
          }
        : undefined,
    },
  );
  t.after(() => audit.stop());
  return { audit, logged, told };
}

const place = () => join(temporaryFolder(), 'audit.log');
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const codesOf = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as AuditRecord).metadata.event_code as string);
const whole = async (file: string) => {
  const { findings, chains, signed } = await verify(
    { 'audit.log': readFileSync(file) },
    { keys: keys.verifying },
  );
  return [findings.filter(({ kind }) => kind !== 'unsigned'), chains, signed?.unsigned];
};

test('without a file every record goes to the given sink, the beginning of the chain first', async (t) => {
  t.mock.method(performance, 'now', () => 5000);
  const sink = new FaultySink();
  const { audit, told } = await open(t, { sink, watched: true });
  assert.equal(audit.continues, undefined);
  assert.deepEqual(sink.offered, []);
  await audit.open();
  await audit.trail.record(plainEvent(startOfTime));
  await audit.reopen();
  await audit.stop();
  assert.deepEqual(codesOf(sink.lines), ['audit.chain-started', 'peering.list.outcome']);
  assert.match(sink.lines[0] ?? '', /"reporter":\{"uid":"gateway-7"\}/);
  assert.match(sink.lines[0] ?? '', /"product":\{[^}]*"version":"1\.2\.3"\}/);
  assert.deepEqual(told, [
    ...['sealed audit.chain-started', 'written 0'],
    ...['sealed peering.list.outcome', 'written 0'],
  ]);
});

test('with a key the beginning is signed at once, and the rest at the end', async (t) => {
  const file = place();
  const { audit } = await open(t, { file, signed: true });
  await audit.open();
  assert.deepEqual(codesOf(linesOf(file)), ['audit.chain-started', 'audit.checkpoint']);
  await audit.trail.record(plainEvent(startOfTime));
  await audit.stop();
  assert.deepEqual(codesOf(linesOf(file)).slice(2), ['peering.list.outcome', 'audit.checkpoint']);
  assert.deepEqual(await whole(file), [[], 1, 0]);
});

test('without a file the beginning is signed at once, too, and the rest at the end', async (t) => {
  const sink = new FaultySink();
  const { audit } = await open(t, { sink, signed: true });
  await audit.open();
  for (let count = 0; count < 3; count += 1) await audit.trail.record(plainEvent(startOfTime));
  const begun = ['audit.chain-started', 'audit.checkpoint', ...Array(3).fill('peering.list.outcome')];
  assert.deepEqual(codesOf(sink.lines), begun);
  await audit.stop();
  assert.deepEqual(codesOf(sink.lines), [...begun, 'audit.checkpoint']);
});

test('whether anybody watches or not, a sink that rejects makes records unavailable', async (t) => {
  for (const watched of [true, false]) {
    const { audit } = await open(t, { watched });
    const record = audit.trail.record(plainEvent(startOfTime));
    await assert.rejects(record, { code: 'audit-unavailable' });
  }
});

test('before it is opened nothing is written, and after its end nothing more', async (t) => {
  const file = place();
  const { audit } = await open(t, { file });
  assert.equal(existsSync(file), false);
  await audit.open();
  await audit.stop();
  await assert.rejects(audit.trail.record(plainEvent(startOfTime)));
  await audit.reopen();
  assert.deepEqual(codesOf(linesOf(file)), ['audit.chain-started']);
});

test('a log that is there is continued behind its last record, and begins nothing', async (t) => {
  t.mock.method(performance, 'now', () => 5000);
  const file = place();
  const lines = makeLog(3);
  writeFileSync(file, `${lines.join('\n')}\n`);
  const { audit, logged, told } = await open(t, { file, watched: true });
  assert.deepEqual(audit.continues?.fingerprint, headOf(lines[2]).fingerprint);
  await audit.open();
  await audit.trail.record(plainEvent(startOfTime));
  await audit.stop();
  assert.equal(headOf(linesOf(file)[3]).sequence, 4);
  assert.deepEqual(logged, []);
  assert.deepEqual(told, ['sealed peering.list.outcome', 'synced 0', 'written 0']);
  assert.deepEqual((await whole(file)).slice(0, 2), [[], 1]);
});

test('with a key, what an earlier run left unsigned is signed before anything else', async (t) => {
  const file = place();
  const first = await open(t, { file, signed: true });
  await first.audit.open();
  await first.audit.stop();
  appendFileSync(
    file,
    makeLog(2, { after: headOf(linesOf(file).at(-1)) })
      .map((line) => `${line}\n`)
      .join(''),
  );
  const { audit } = await open(t, { file, signed: true });
  await audit.open();
  assert.deepEqual(codesOf(linesOf(file)).slice(2), [
    ...['peering.list.outcome', 'peering.list.outcome', 'audit.checkpoint'],
  ]);
  await audit.stop();
  assert.deepEqual(await whole(file), [[], 1, 0]);
});

test('a log that may not be continued is an error in the log, and a new chain says what it was and how many intents are open', async (t) => {
  const file = place();
  const intent = eventNamed('peering.create.intent', { time: startOfTime, api: { request: { uid: 'r-1' } } });
  const lines = makeLog([intent, plainEvent(startOfTime)]);
  writeFileSync(file, `${lines.join('\n')}\n`);
  const { audit, logged } = await open(t, { file, signed: true });
  assert.equal(audit.continues, undefined);
  await audit.open();
  await audit.stop();
  assert.deepEqual(logged, [
    {
      level: 'error',
      fields: { reason: 'not-signed' },
      msg: 'a new chain begins in the audit log: run `audit verify` on the old one',
    },
  ]);
  const records = linesOf(file).map((line) => JSON.parse(line) as AuditRecord);
  assert.deepEqual(codesOf(linesOf(file)).slice(2), ['audit.chain-started', 'audit.checkpoint']);
  const { chain, sequence, fingerprint } = headOf(lines[1]);
  assert.deepEqual(records[2]?.unmapped.oldChain, {
    chain,
    sequence,
    fingerprint,
    reason: 'not-signed',
    openIntents: 1,
  });
  assert.equal(records[2]?.metadata.sequence, 1);
  assert.deepEqual((await whole(file)).slice(0, 2), [[], 2]);
});

test('a record that has no place in a chain ends the log, too', async (t) => {
  const file = place();
  const placeless = '{"class_uid":6003,"metadata":{"product":{"name":"peergate"}}}';
  writeFileSync(file, `${[...makeLog(2), placeless].join('\n')}\n`);
  const { audit } = await open(t, { file });
  await audit.open();
  await audit.stop();
  const started = JSON.parse(linesOf(file)[3] ?? '') as AuditRecord;
  assert.deepEqual(started.unmapped.oldChain, { reason: 'last-record-invalid', openIntents: 0 });
});

test('a torn line is set aside, logged and recorded', async (t) => {
  const file = place();
  const lines = makeLog(2);
  writeFileSync(file, `${lines.join('\n')}\n{"half`);
  const { audit, logged } = await open(t, { file });
  await audit.open();
  await audit.stop();
  assert.deepEqual(codesOf(linesOf(file)).slice(2), ['audit.recovered']);
  const [{ level, fields, msg } = { level: '', fields: {}, msg: '' }] = logged;
  assert.deepEqual([level, msg], ['warn', 'a line of the audit log that was never finished was set aside']);
  const { recovered } = (JSON.parse(linesOf(file)[2] ?? '') as AuditRecord).unmapped;
  assert.deepEqual(fields, recovered);
  assert.equal(logged.length, 1);
});

test('a reopened log goes on in the new file, and says so', async (t) => {
  const file = place();
  const { audit, logged } = await open(t, { file });
  await audit.open();
  renameSync(file, `${file}.1`);
  await audit.reopen();
  assert.deepEqual(linesOf(file), []);
  assert.deepEqual(
    logged.map(({ level, msg }) => [level, msg]),
    [['info', 'the audit log continues in another file']],
  );
});

test('a disk that fails rejects nothing at the start, is logged, and takes the beginning when it is well', async (t) => {
  const file = place();
  const files = new BrokenFiles();
  files.fail('open', 'EROFS');
  const opening = open(t, { file, files, watched: true });
  // An existing log that cannot be opened is an error; whether there is one cannot be known.
  await assert.rejects(opening, { code: 'EROFS' });
  files.heal();
  const { audit, logged, told } = await open(t, { file, files, watched: true });
  files.fail('write', 'ENOSPC');
  await audit.open();
  assert.deepEqual(
    logged.map(({ level, msg }) => [level, msg]),
    [
      ['error', 'the audit file cannot be written'],
      ['error', 'an event of the audit log itself could not be recorded yet'],
    ],
  );
  assert.ok(logged.every(({ fields }) => fields['err'] instanceof Error));
  assert.deepEqual(told.slice(0, 2), ['sealed audit.chain-started', 'failed']);
  files.heal();
  t.mock.method(performance, 'now', () => Number.MAX_SAFE_INTEGER);
  await audit.trail.record(plainEvent(startOfTime));
  assert.deepEqual(codesOf(linesOf(file)), ['audit.chain-started', 'peering.list.outcome']);
});

test('a disk that hangs delays the start by two seconds and no more', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const file = place();
  const files = new BrokenFiles();
  const { audit } = await open(t, { file, files });
  files.hang('fdatasync');
  let opened = false;
  const opening = audit.open().then(() => {
    opened = true;
  });
  while (files.hung('fdatasync') === 0) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(1999);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(opened, false);
  t.mock.timers.tick(1);
  await opening;
  files.heal();
});
