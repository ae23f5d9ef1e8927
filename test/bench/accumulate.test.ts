// Rounds of several runs become one result only when they measured the same program on the same machine in the same way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Run, savedRun } from '../../bench/report/accumulate.ts';
import { fullPlan } from '../../bench/stand/measure.ts';

const run: Run = {
  machine: '2 × this',
  peergate: 'at abc1234',
  algorithm: 'RS256',
  date: '2026-01-02',
  plan: fullPlan,
};
const round = { limit: { create: { throughput: 1 } } };
const saved = (change: Partial<Run> = {}): string =>
  JSON.stringify({ ...run, date: '2026-01-01', ...change, rounds: [round] });

test('rounds of an earlier run of the same commit, machine and plan are added, however many rounds either has', () => {
  assert.deepEqual(savedRun(saved(), run), [round]);
  assert.deepEqual(savedRun(saved({ plan: { ...fullPlan, rounds: 3 } }), run), [round]);
});

test('rounds of another commit, machine, algorithm or plan are never added, nor those of changed source', () => {
  assert.throws(() => savedRun(undefined, run), /no earlier run/);
  assert.throws(() => savedRun(saved({ peergate: 'at 0000000' }), run), /another peergate/);
  assert.throws(() => savedRun(saved({ machine: '4 × that' }), run), /another machine/);
  assert.throws(() => savedRun(saved({ algorithm: 'ES256' }), run), /another algorithm/);
  assert.throws(() => savedRun(saved({ plan: { ...fullPlan, inFlight: 32 } }), run), /another plan/);
  const changed = { peergate: 'at abc1234, changed' };
  assert.throws(() => savedRun(saved(changed), { ...run, ...changed }), /differs from the commit/);
});
