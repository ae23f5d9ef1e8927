// The trail at its end, by timers that the test moves: what is owed is tried once more, and then never again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AuditTrail } from '../../../src/audit/log/trail.ts';
import { assertChain, FaultySink } from './faulty-sink.ts';
import { event, newChain } from './start-sink.ts';

async function owing(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sink = new FaultySink();
  const trail = new AuditTrail(newChain(), sink, { now: () => 0, monotonic: () => 0 });
  sink.mode = () => 'rejects';
  await assert.rejects(trail.record(event('first')));
  await assert.rejects(trail.recordFact(event('second')));
  assert.equal(sink.offered.length, 1);
  return { sink, trail };
}

test('a trail that stops writes what it owes if it can', async (t) => {
  const { sink, trail } = await owing(t);
  sink.mode = () => 'works';
  await trail.stop();
  assert.deepEqual(sink.codes, ['first', 'second']);
  assertChain(sink.lines);
});

test('a trail that has stopped tries nothing by itself any more', async (t) => {
  const { sink, trail } = await owing(t);
  await trail.stop();
  const tries = sink.offered.length;
  assert.equal(tries, 2);
  for (let seconds = 0; seconds < 5; seconds += 1) {
    t.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(sink.offered.length, tries);
});

test('a trail whose sink hangs stops within two seconds', async (t) => {
  const { sink, trail } = await owing(t);
  sink.mode = () => 'hangs';
  const stopped = trail.stop();
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(2000);
  await stopped;
  assert.deepEqual(sink.codes, []);
});

test('a line that fails after the stop is not tried again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sink = new FaultySink();
  const trail = new AuditTrail(newChain(), sink, { now: () => 0, monotonic: () => 0 });
  sink.mode = () => 'hangs';
  const written = assert.rejects(trail.record(event('first')));
  await new Promise((resolve) => setImmediate(resolve));
  await trail.stop();
  sink.giveUp();
  await written;
  t.mock.timers.tick(1000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sink.offered.length, 1);
});
