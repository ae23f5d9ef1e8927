// When a gateway signs its chain: every 500 records, every 10 s in which there were any, and at the end; and that no record
// is lost or waits when it cannot.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { Checkpoints } from '../../../src/audit/log/checkpoints.ts';
import { AuditTrail } from '../../../src/audit/log/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import type { LineWriter } from '../../../src/logging/line-writer.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { startTestGateway } from '../../support/gateway.ts';
import type { LogLine } from '../../support/log-line.ts';
import { until } from '../../support/until.ts';
import { plainEvent, startOfTime, verify, writeLogs } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';
import { FaultySink } from './faulty-sink.ts';

const keys = await makeKeys();

/** A trail that is signed, with a clock that stands still until the test moves it. */
function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const sink = new FaultySink();
  const logs: LogLine[] = [];
  const writer = { log: (line: string) => void logs.push(JSON.parse(line)) } as LineWriter;
  const checkpoints = new Checkpoints({
    key: keys.signing,
    head: undefined,
    unsigned: 0,
    trail: () => trail,
    instance: 'gateway-1',
    clock: { ...systemClock, now: () => startOfTime },
    logger: createLogger('info', writer),
  });
  const chain = new AuditChain(
    { version: '0.0.0-test', instance: 'gateway-1' },
    randomUUID,
    undefined,
    (head, event) => checkpoints.appended(head, event),
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
    record,
    signed,
    stop: () => checkpoints.stop(),
    tenSeconds: () => t.mock.timers.tick(10_000),
    signedTimes: (count: number) => until(`${count} checkpoints`, () => signed() >= count),
    loggedTimes: (count: number) => until(`${count} log lines`, () => logs.length >= count),
  };
}

test('every 500 records are signed, no sooner', async (t) => {
  const { record, signed, signedTimes, stop, sink } = start(t);
  await record(499);
  // Once a signature is due, it is made within a few turns of the loop; stop() would wait for it.
  assert.equal(signed(), 0);
  await record(1);
  await signedTimes(1);
  await record(499);
  assert.equal(signed(), 1);
  await record(1);
  await signedTimes(2);
  await stop();
  assert.equal(signed(), 2);
  const { findings, signed: extent } = await verify(sink.lines, { keys: keys.verifying });
  assert.deepEqual([findings, extent], [[], { checkpoints: 2, unsigned: 0, until: startOfTime }]);
});

test('10 s in which there were records are signed at their end; 10 s without any are not', async (t) => {
  const { record, tenSeconds, signed, signedTimes, stop } = start(t);
  tenSeconds();
  await record(1);
  tenSeconds();
  await signedTimes(1);
  // A checkpoint is no record that needs one.
  tenSeconds();
  tenSeconds();
  await record(3);
  t.mock.timers.tick(9999);
  assert.equal(signed(), 1);
  t.mock.timers.tick(1);
  await signedTimes(2);
  await stop();
  assert.equal(signed(), 2);
});

test('at the end the rest is signed, and nothing is signed after it', async (t) => {
  const { record, tenSeconds, signed, stop, sink } = start(t);
  await record(5);
  await stop();
  assert.equal(signed(), 1);
  assert.equal((await verify(sink.lines, { keys: keys.verifying })).signed?.unsigned, 0);
  tenSeconds();
  await stop();
  assert.equal(signed(), 1);
});

test('without a record there is no checkpoint', async (t) => {
  const { tenSeconds, stop, sink } = start(t);
  tenSeconds();
  await stop();
  assert.deepEqual(sink.offered, []);
});

test('a sink that takes no checkpoint is logged, and the checkpoint follows when it does', async (t) => {
  const { record, tenSeconds, loggedTimes, stop, sink } = start(t);
  await record(2);
  sink.mode = (code) => (code === 'audit.checkpoint' ? 'rejects' : 'works');
  tenSeconds();
  await loggedTimes(1);
  sink.mode = () => 'works';
  await record(1);
  await stop();
  const { findings, records, signed } = await verify(sink.lines, { keys: keys.verifying });
  assert.deepEqual([findings, records, signed?.unsigned], [[], 5, 0]);
});

test('a gateway signs the beginning of its chain and at its stop when it has a key, and never without one', async (t) => {
  const [keyFile = ''] = await writeLogs({ 'key.jwk': JSON.stringify(keys.privateJwk) });
  for (const environment of [{ AUDIT_SIGNING_KEY_FILE: keyFile }, undefined]) {
    const sink = new FaultySink();
    const gateway = await startTestGateway(t, { sink, ...(environment ? { environment } : {}) });
    assert.equal((await gateway.create()).status, 201);
    await gateway.stop();
    const { findings, signed } = await verify(sink.lines, { keys: keys.verifying });
    if (environment === undefined) {
      assert.equal(sink.codes.includes('audit.checkpoint'), false);
      assert.equal(signed?.checkpoints, 0);
    } else {
      assert.equal(sink.codes.at(-1), 'audit.checkpoint');
      assert.deepEqual([findings, signed?.checkpoints, signed?.unsigned], [[], 2, 0]);
    }
  }
});
