// The promise of the trail, by a clock and timers that the test moves: what is not written does not pass, what is late
// is closed, and what was rejected comes before everything later.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { AuditTrail } from '../../../src/audit/log/trail.ts';
import { GatewayError } from '../../../src/errors.ts';
import { authorizedCreate } from '../../support/authorized-create.ts';
import { eventNamed } from '../../support/event-named.ts';
import { assertChain, codesOf, FaultySink } from './faulty-sink.ts';

const event = (code: string) => eventNamed(code);
const intentCode = 'peering.create.intent';
const outcomeCode = 'peering.create.outcome';
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(test: TestContext) {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  let time = 0;
  const sink = new FaultySink();
  const chain = new AuditChain({ version: '0', instance: 'test' }, () => 'id');
  const trail = new AuditTrail(chain, sink, { now: () => time, monotonic: () => time });
  const change = authorizedCreate();
  return {
    sink,
    trail,
    change,
    /** Each of a change of its own: one can be recorded only once. */
    intend: () => trail.recordIntent(authorizedCreate()),
    async pass(milliseconds: number) {
      await settled();
      time += milliseconds;
      test.mock.timers.tick(milliseconds);
      await settled();
    },
  };
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof GatewayError &&
  error.code === 'audit-unavailable' &&
  error.rule.status === 503 &&
  error.headers['Retry-After'] === '2';

/** The outcome says that the change was not sent, since its intent could not be recorded. */
function assertClosed({ records }: FaultySink): void {
  const [intent, outcome] = records;
  assert.equal(outcome?.api.request.uid, intent?.api.request.uid);
  assert.deepEqual([outcome?.status_id, outcome?.status_code], [2, 'audit-unavailable']);
  assert.equal(outcome?.http_response.code, 503);
  assert.deepEqual(outcome?.unmapped.upstream, { sent: 'no' });
}

test('an intent passes when the sink has taken it, and no sooner', async (t) => {
  const { sink, intend, change } = start(t);
  sink.mode = () => 'hangs';
  let passed = false;
  const intended = intend().then((recorded) => {
    passed = true;
    return recorded;
  });
  await settled();
  assert.equal(sink.offered.length, 1);
  assert.equal(passed, false);
  sink.release();
  assert.deepEqual(sink.codes, [intentCode]);
  const recorded = await intended;
  assert.deepEqual(
    recorded.take().path,
    `/database/clusters/${change.request.target.clusterId}/vpc-peerings`,
  );
  assert.throws(() => recorded.take(), /only once/);
});

test('an intent that the sink rejects does not pass, and is closed behind it when the sink works again', async (t) => {
  const { sink, trail, intend, pass } = start(t);
  sink.mode = () => 'rejects';
  await assert.rejects(intend(), isUnavailable);
  assert.equal(trail.writable(), false);
  assert.throws(() => trail.requireWritable(), isUnavailable);
  sink.mode = () => 'works';
  await pass(1000);
  assert.equal(trail.writable(), true);
  assert.deepEqual(sink.codes, [intentCode, outcomeCode]);
  assertClosed(sink);
  assertChain(sink.lines);
});

test('the end of an intent never comes before the intent, even if the sink took it at once', async (t) => {
  const { sink, intend, pass } = start(t);
  sink.mode = (code) => (code === intentCode ? 'rejects' : 'works');
  await assert.rejects(intend(), isUnavailable);
  await settled();
  assert.deepEqual(sink.codes, []);
  sink.mode = () => 'works';
  await pass(1000);
  assert.deepEqual(sink.codes, [intentCode, outcomeCode]);
  assertClosed(sink);
  assertChain(sink.lines);
});

test('a sink that works again is found by the next record, without waiting', async (t) => {
  const { sink, trail, intend } = start(t);
  sink.mode = () => 'rejects';
  await assert.rejects(intend(), isUnavailable);
  sink.mode = () => 'works';
  await trail.record(event('next'));
  assert.deepEqual(sink.codes, [intentCode, outcomeCode, 'next']);
  assertChain(sink.lines);
});

test('while the sink rejects, nothing new gets a place in the chain, and it is tried once a second', async (t) => {
  const { sink, trail, pass } = start(t);
  sink.mode = () => 'rejects';
  await assert.rejects(trail.record(event('first')), isUnavailable);
  const tries: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    await pass(999);
    tries.push(sink.offered.length);
    await pass(1);
  }
  assert.deepEqual(tries, [1, 2, 3, 4, 5]);
  const rejected = Array.from({ length: 100 }, (_, index) => trail.record(event(`more-${index}`)));
  await Promise.all(rejected.map((record) => assert.rejects(record, isUnavailable)));
  assert.deepEqual(new Set(codesOf(sink.offered)), new Set(['first']));
  sink.mode = () => 'works';
  await pass(1000);
  await trail.record(event('next'));
  assert.deepEqual(sink.codes, ['first', 'next']);
  assertChain(sink.lines);
});

test('many lines rejected at once are written in the order of the chain', async (t) => {
  const { sink, trail, pass } = start(t);
  sink.mode = () => 'hangs';
  const records = ['a', 'b', 'c'].map((code) => assert.rejects(trail.record(event(code)), isUnavailable));
  await settled();
  sink.giveUp();
  await Promise.all(records);
  await pass(1000);
  assert.deepEqual(sink.codes, ['a', 'b', 'c']);
  assert.equal(trail.writable(), true);
  assertChain(sink.lines);
});

test('a rejected line waits until the sink has said what became of the later ones', async (t) => {
  const { sink, trail, pass } = start(t);
  sink.mode = (code) => (code === 'first' ? 'rejects' : 'hangs');
  const first = assert.rejects(trail.record(event('first')), isUnavailable);
  const later = assert.rejects(trail.record(event('later')), isUnavailable);
  await first;
  await pass(1000);
  assert.deepEqual(codesOf(sink.offered), ['first', 'later']);
  sink.giveUp();
  await later;
  await pass(1000);
  assert.deepEqual(sink.codes, ['first', 'later']);
  assertChain(sink.lines);
});

test('a sink that hangs is not writable after two seconds, and gets no more lines', async (t) => {
  const { sink, trail, intend, pass } = start(t);
  sink.mode = () => 'hangs';
  const late = assert.rejects(intend(), isUnavailable);
  await pass(1999);
  assert.equal(trail.writable(), true);
  await pass(1);
  await late;
  assert.equal(trail.writable(), false);
  const handed = sink.offered.length;
  for (let count = 0; count < 100; count += 1) {
    await assert.rejects(trail.record(event('more')), isUnavailable);
    await assert.rejects(intend(), isUnavailable);
  }
  assert.throws(() => trail.requireWritable(), isUnavailable);
  assert.equal(sink.offered.length, handed);
});

test('an intent that is written late is followed by its end', async (t) => {
  const { sink, trail, intend, pass } = start(t);
  sink.mode = () => 'hangs';
  const late = assert.rejects(intend(), isUnavailable);
  await pass(2000);
  await late;
  sink.release();
  await settled();
  assert.deepEqual(sink.codes, [intentCode, outcomeCode]);
  assertClosed(sink);
  assert.equal(trail.writable(), true);
  await trail.record(event('next'));
  assertChain(sink.lines);
});

test('an intent that comes to nothing after a long wait is written with its end, too', async (t) => {
  const { sink, trail, intend, pass } = start(t);
  sink.mode = () => 'hangs';
  const late = assert.rejects(intend(), isUnavailable);
  await pass(5000);
  await late;
  sink.giveUp();
  await settled();
  assert.equal(trail.writable(), false);
  await pass(1000);
  assert.deepEqual(sink.codes, [intentCode, outcomeCode]);
  assertClosed(sink);
  assert.equal(trail.writable(), true);
  assertChain(sink.lines);
});

test('a read passes without a record as long as records can be written', (t) => {
  const { sink, trail } = start(t);
  assert.doesNotThrow(() => trail.requireWritable());
  assert.equal(sink.offered.length, 0);
});

test('a sink that has taken nothing for two seconds counts as one that hangs, whatever it is to write', (t) => {
  const { sink, trail } = start(t);
  for (const [blockedMs, writable] of [
    [0, true],
    [1999, true],
    [2000, false],
  ] as const) {
    Object.assign(sink, { blockedMs: () => blockedMs });
    assert.equal(trail.writable(), writable, String(blockedMs));
  }
});

test('whoever watches is told of each line that was written and of each that was rejected', async () => {
  const sink = new FaultySink();
  const chain = new AuditChain({ version: '0', instance: 'test' }, () => 'id');
  const told: unknown[] = [];
  const times = [1000, 3500];
  const trail = new AuditTrail(
    chain,
    sink,
    { now: () => 0, monotonic: () => times.shift() ?? 9000 },
    {
      written: (seconds) => told.push(seconds),
      failed: () => told.push('failed'),
    },
  );
  await trail.recordFact(event('first'));
  sink.mode = () => 'rejects';
  await assert.rejects(trail.recordFact(event('second')), isUnavailable);
  assert.deepEqual(told, [2.5, 'failed']);
  await trail.stop();
});

test('a record that is unavailable says in its cause what became of the line', async (t) => {
  const { sink, trail } = start(t);
  const causeOf = (record: Promise<unknown>) =>
    record.then(
      () => assert.fail('it was written'),
      (error: Error) => (error.cause as Error).message,
    );
  sink.mode = () => 'rejects';
  assert.equal(await causeOf(trail.recordFact(event('first'))), 'the line could not be written');
  assert.equal(await causeOf(trail.recordFact(event('second'))), 'an earlier line could not be written');
});
