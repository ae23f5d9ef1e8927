// A seed says everything that happens, so that a failure can be looked at again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makePlan, runPlan } from '../../simulation/simulate.ts';

const seeds = Array.from({ length: 30 }, (_, index) => String(5000 + index));

test('a seed gives the same events in the same order each time', async () => {
  for (const seed of seeds) {
    const first = await runPlan(makePlan(seed));
    const second = await runPlan(makePlan(seed));
    assert.deepEqual(second.trace, first.trace);
    assert.equal(second.fingerprint, first.fingerprint);
    assert.ok(first.events > 100, `${first.events}`);
  }
});

test('another process gets the same trace', async () => {
  const [seed = ''] = seeds;
  const { fingerprint } = await runPlan(makePlan(seed));
  const { stdout } = await promisify(execFile)(process.execPath, ['simulation/main.ts', '--seed', seed], {
    maxBuffer: 16 * 1024 * 1024,
  });
  assert.ok(stdout.includes(`trace ${fingerprint}`));
});

test('two seeds give two traces', async () => {
  const traces = await Promise.all(seeds.slice(0, 5).map(async (seed) => makePlan(seed)));
  assert.equal(new Set(traces.map((plan) => JSON.stringify(plan))).size, 5);
});
