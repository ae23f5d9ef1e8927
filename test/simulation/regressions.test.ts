// The bugs that the simulation found do not come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regressions } from '../../simulation/regressions.ts';
import { runPlan } from '../../simulation/simulate.ts';

for (const { found, plan } of regressions)
  test(`not again: ${found}`, async () => {
    const { violations, events } = await runPlan(plan);
    assert.deepEqual(violations, []);
    assert.ok(events > 100, `${events}`);
  });
