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
import type { LogLine } from '../../support/log-line.ts';
import { until } from '../../support/until.ts';
import { plainEvent, startOfTime, verify } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';
import { FaultySink } from './faulty-sink.ts';

const keys = await makeKeys();

/** A trail that is signed, with a clock that stands still until the test moves it. */
function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { now: startOfTime };
  const sink = new FaultySink();
  const logs: LogLine[] = [];
  const writer = { log: (line: string) => void logs.push(JSON.parse(line)) } as LineWriter;
  const checkpoints = new Checkpoints({
    key: keys.signing,
    head: undefined,
    unsigned: 0,
    trail: () => trail,
    instance: 'gateway-1',
    clock: { ...systemClock, now: () => clock.now },
    logger: createLogger('info', writer),
  });
  const chain = new AuditChain(
    { version: '0.0.0-test', instance: 'gateway-1' },
    randomUUID,
    undefined,
    (head, event) => checkpoints.appended(head, event),
  );
  const trail = new AuditTrail(chain, sink, systemClock, {
    written: () => undefined,
    failed: () => undefined,
    appending: (event) => checkpoints.signIfDue(event),
  });
  const recordMadeAt = (time: number) => trail.record(plainEvent(time));
  const record = async (count: number) => {
    for (let index = 0; index < count; index += 1) await recordMadeAt(clock.now);
  };
  const signed = () =>
    sink.records.filter(({ metadata }) => metadata.event_code === 'audit.checkpoint').length;
  return {
    clock,
    sink,
    logs,
    record,
    recordMadeAt,
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
  await record(1);
  tenSeconds();
  assert.equal(signed(), 1);
});

test('without a record there is no checkpoint', async (t) => {
  const { tenSeconds, stop, sink } = start(t);
  tenSeconds();
  await stop();
  assert.deepEqual(sink.offered, []);
});

test('a sink that takes no checkpoint is logged, and the checkpoint follows when it does', async (t) => {
  const { record, tenSeconds, loggedTimes, logs, stop, sink } = start(t);
  await record(2);
  sink.mode = (code) => (code === 'audit.checkpoint' ? 'rejects' : 'works');
  tenSeconds();
  await loggedTimes(1);
  assert.equal(logs[0]?.err.message, 'The audit record cannot be written, so nothing is forwarded.');
  sink.mode = () => 'works';
  await record(1);
  await stop();
  const { findings, records, signed } = await verify(sink.lines, { keys: keys.verifying });
  assert.deepEqual([findings, records, signed?.unsigned], [[], 5, 0]);
});

test('however the clock jumps, a record that is made 10 s before or after an unsigned one comes behind a checkpoint', async (t) => {
  const { clock, record, sink, stop } = start(t);
  const codes = () => sink.records.map(({ metadata }) => metadata.event_code.split('.').at(-1));
  const recordAfter = async (milliseconds: number) => {
    clock.now += milliseconds;
    await record(1);
  };
  await recordAfter(60_000);
  await recordAfter(9999);
  await recordAfter(1);
  assert.deepEqual(codes(), ['outcome', 'outcome', 'checkpoint', 'outcome']);
  await recordAfter(9999);
  await recordAfter(-19_998);
  assert.deepEqual(codes().slice(4), ['outcome', 'outcome']);
  await recordAfter(-1);
  await recordAfter(-3_600_000);
  await recordAfter(3_600_000);
  const each = ['checkpoint', 'outcome'];
  assert.deepEqual(codes().slice(6), [...each, ...each, ...each]);
  await stop();
  const { findings, signed } = await verify(sink.lines, { keys: keys.verifying });
  assert.deepEqual([findings, signed?.unsigned], [[], 0]);
});

test('a record that was made before a step of the clock and is appended behind it comes behind a checkpoint', async (t) => {
  for (const step of [-61_000, 61_000]) {
    const { clock, record, recordMadeAt, sink, stop } = start(t);
    const before = clock.now;
    clock.now += step;
    await recordMadeAt(before);
    await record(1);
    await stop();
    const { findings } = await verify(sink.lines, { keys: keys.verifying });
    assert.deepEqual(findings, []);
    t.mock.timers.reset();
  }
});
