// A plan that fails is made smaller until only what it needs to fail is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan, Step } from '../../simulation/plan.ts';
import { shrink } from '../../simulation/shrink.ts';
import { makePlan } from '../../simulation/simulate.ts';

const steps: readonly Step[] = [
  ...makePlan('1').steps,
  { kind: 'stall', at: 1, instance: 0, forMs: 5 },
  ...makePlan('2').steps,
  { kind: 'exchange', at: 2, exchange: 'POST', fault: 'slow', count: 8 },
  ...makePlan('3').steps,
];
const plan: Plan = { ...makePlan('1'), steps };

const has = (candidate: Plan, kind: Step['kind']): boolean =>
  candidate.steps.some((step) => step.kind === kind);

test('only the steps that a failure needs are left, each as small as it can be', async () => {
  const judge = (candidate: Plan) =>
    Promise.resolve(
      candidate.steps.some(({ at, kind }) => kind === 'stall' && at === 1) &&
        candidate.steps.some((step) => step.kind === 'exchange' && step.at === 2 && step.count >= 2)
        ? 'an invariant'
        : undefined,
    );
  const shrunk = await shrink(plan, judge);
  assert.deepEqual(shrunk.steps, [
    { kind: 'stall', at: 1, instance: 0, forMs: 5 },
    { kind: 'exchange', at: 2, exchange: 'POST', fault: 'slow', count: 2 },
  ]);
  assert.equal(shrunk.settings.redis, false);
});

test('a plan that fails in another way is no smaller form of the failure', async () => {
  const judge = (candidate: Plan) =>
    Promise.resolve(has(candidate, 'call') && has(candidate, 'stall') ? 'one' : 'another');
  const shrunk = await shrink(plan, judge);
  assert.ok(has(shrunk, 'call') && has(shrunk, 'stall'));
  assert.equal(shrunk.steps.length, 2);
});

test('a plan that does not fail stays as it is', async () => {
  assert.equal(await shrink(plan, () => Promise.resolve(undefined)), plan);
});
