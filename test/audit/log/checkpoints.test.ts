// When a gateway signs its chain: every 1,000 records, every minute in which there were any, and at the end; and that no
// record is lost or waits when it cannot.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import type { JWK } from 'jose';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { Checkpoints } from '../../../src/audit/log/checkpoints.ts';
import { readSigningKey } from '../../../src/audit/log/signing-key.ts';
import { AuditTrail } from '../../../src/audit/log/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import type { LineWriter } from '../../../src/logging/line-writer.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { type Loose, startTestGateway } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';
import { headOf, plainEvent, startOfTime, verify, writeLogs } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';
import { FaultySink } from './faulty-sink.ts';

const keys = await makeKeys();
const other = await makeKeys('ES256');

/** A trail that is signed, with a clock that stands still until the test moves it. */
async function start(t: TestContext, key: JWK = keys.privateJwk) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const [keyFile = ''] = await writeLogs(t, { 'key.jwk': JSON.stringify(key) });
  const sink = new FaultySink();
  const logs: Loose[] = [];
  const writer = { log: (line: string) => void logs.push(JSON.parse(line)) } as LineWriter;
  const checkpoints = new Checkpoints({
    readKey: () => readSigningKey(keyFile),
    trail: () => trail,
    instance: 'gateway-1',
    clock: { ...systemClock, now: () => startOfTime },
    logger: createLogger('info', writer),
  });
  const chain = new AuditChain(
    { version: '0.0.0-test', instance: 'gateway-1' },
    randomUUID,
    undefined,
    (head, event) => checkpoints.sealed(head, event),
  );
  const trail = new AuditTrail(chain, sink, systemClock);
  const record = async (count: number) => {
    for (let index = 0; index < count; index += 1) await trail.record(plainEvent(startOfTime));
  };
  const signed = () =>
    sink.records.filter(({ metadata }) => metadata.event_code === 'audit.checkpoint').length;
  return {
    sink,
    logs,
    keyFile,
    record,
    signed,
    stop: () => checkpoints.stop(),
    minute: () => t.mock.timers.tick(60_000),
    signedTimes: (count: number) => until(`${count} checkpoints`, () => signed() >= count),
    loggedTimes: (count: number) => until(`${count} log lines`, () => logs.length >= count),
  };
}

test('every 1,000 records are signed, no sooner', async (t) => {
  const { record, signed, signedTimes, stop, sink } = await start(t);
  await record(999);
  // Once a signature is due, it is made within a few turns of the loop; stop() would wait for it.
  assert.equal(signed(), 0);
  await record(1);
  await signedTimes(1);
  await record(999);
  assert.equal(signed(), 1);
  await record(1);
  await signedTimes(2);
  await stop();
  assert.equal(signed(), 2);
  const { breaks, signed: extent } = await verify(t, sink.lines, { keys: keys.verifying });
  assert.deepEqual([breaks, extent], [[], { checkpoints: 2, unsigned: 0, until: startOfTime }]);
});

test('a minute in which there were records is signed at its end; one without is not', async (t) => {
  const { record, minute, signed, signedTimes, stop } = await start(t);
  minute();
  await record(1);
  minute();
  await signedTimes(1);
  // A checkpoint is no record that needs one.
  minute();
  minute();
  await record(3);
  t.mock.timers.tick(59_999);
  assert.equal(signed(), 1);
  t.mock.timers.tick(1);
  await signedTimes(2);
  await stop();
  assert.equal(signed(), 2);
});

test('at the end the rest is signed, and nothing is signed after it', async (t) => {
  const { record, minute, signed, stop, sink } = await start(t);
  await record(5);
  await stop();
  assert.equal(signed(), 1);
  assert.equal((await verify(t, sink.lines, { keys: keys.verifying })).signed?.unsigned, 0);
  minute();
  await stop();
  assert.equal(signed(), 1);
});

test('without a record there is no checkpoint', async (t) => {
  const { minute, stop, sink } = await start(t);
  minute();
  await stop();
  assert.deepEqual(sink.offered, []);
});

test('a new key in the file signs from then on, without a restart', async (t) => {
  const { record, minute, signedTimes, keyFile, stop, sink } = await start(t);
  await record(2);
  minute();
  await signedTimes(1);
  await writeFile(keyFile, JSON.stringify(other.privateJwk));
  await record(2);
  await stop();
  const both = { keys: [...keys.verifying, ...other.verifying] };
  assert.deepEqual((await verify(t, sink.lines, both)).signed?.checkpoints, 2);
  const old = await verify(t, sink.lines, { keys: keys.verifying });
  assert.deepEqual([old.signed?.checkpoints, old.breaks.length], [1, 1]);
});

test('a key file that breaks is logged without its content, costs no record, and may be mended', async (t) => {
  const { record, minute, signed, signedTimes, loggedTimes, keyFile, logs, stop, sink } = await start(t);
  await writeFile(keyFile, JSON.stringify({ ...keys.privateJwk, kty: 'nonsense' }));
  await record(3);
  minute();
  await loggedTimes(1);
  await rm(keyFile);
  minute();
  await loggedTimes(2);
  assert.deepEqual(
    logs.map(({ level, msg }) => [level, msg]),
    Array(2).fill(['error', 'the audit log could not be signed']),
  );
  assert.equal(JSON.stringify(logs).includes(keys.privateJwk.d as string), false);
  await record(3);
  assert.deepEqual([sink.lines.length, signed()], [6, 0]);
  await writeFile(keyFile, JSON.stringify(keys.privateJwk));
  minute();
  await signedTimes(1);
  await stop();
  const { breaks, signed: extent } = await verify(t, sink.lines, { keys: keys.verifying });
  assert.deepEqual([breaks, extent?.checkpoints, extent?.unsigned], [[], 1, 0]);
});

test('a key file that stays broken is not tried again for every record', async (t) => {
  const { record, loggedTimes, keyFile, logs, stop } = await start(t);
  await rm(keyFile);
  await record(1000);
  await loggedTimes(1);
  await record(999);
  assert.equal(logs.length, 1);
  await record(1);
  await loggedTimes(2);
  await stop();
  assert.equal(logs.length, 3);
});

test('a sink that takes no checkpoint is logged, and the checkpoint follows when it does', async (t) => {
  const { record, minute, loggedTimes, stop, sink } = await start(t);
  await record(2);
  sink.mode = (code) => (code === 'audit.checkpoint' ? 'rejects' : 'works');
  minute();
  await loggedTimes(1);
  sink.mode = () => 'works';
  await record(1);
  await stop();
  const { breaks, records, signed } = await verify(t, sink.lines, { keys: keys.verifying });
  assert.deepEqual([breaks, records, signed?.unsigned], [[], 5, 0]);
});

test('a gateway signs at its stop when it has a key file, and never without one', async (t) => {
  const [keyFile = ''] = await writeLogs(t, { 'key.jwk': JSON.stringify(keys.privateJwk) });
  for (const environment of [{ AUDIT_SIGNING_KEY_FILE: keyFile }, undefined]) {
    const sink = new FaultySink();
    const gateway = await startTestGateway(t, { sink, ...(environment ? { environment } : {}) });
    assert.equal((await gateway.create()).status, 201);
    await gateway.stop();
    const last = sink.lines.at(-1) as string;
    const { breaks, signed } = await verify(t, sink.lines, { keys: keys.verifying });
    if (environment === undefined) {
      assert.equal(sink.codes.includes('audit.checkpoint'), false);
      assert.equal(signed?.checkpoints, 0);
    } else {
      assert.equal(sink.codes.at(-1), 'audit.checkpoint');
      assert.deepEqual([breaks, signed?.checkpoints, signed?.unsigned], [[], 1, 0]);
      assert.equal(headOf(last).sequence, sink.lines.length);
    }
  }
});
