// A thousand worlds in which everything fails that can: no promise is broken in any of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan, runPlan } from '../../simulation/simulate.ts';

const seeds = 1000;

/** What must have happened in that many worlds; otherwise they show nothing. */
const expected = [
  'answered create 201',
  'exchange lost-answer',
  'exchange reset-after',
  'failover that lost writes',
  'overlap: the store did not work',
  'peering.create.reconciled 0',
  'peering.create.reconciled 1',
  'peering.create.reconciled 2',
  'peering.delete.reconciled 1',
  'recorded audit.recovered',
  'replayed answer',
  'sent maybe',
  'sent yes',
  'step crash',
  'step disk-hang',
  'step policy',
  'step stall',
  'twice with one key: the store lost what it had acknowledged',
];

test(`no invariant is violated in ${seeds} worlds, and what they are for has happened in them`, async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations, coverage } = await runPlan(makePlan(String(seed)));
    assert.deepEqual(violations, [], `npm run simulate -- --seed ${seed}`);
    for (const name of coverage.keys()) met.add(name);
  }
  assert.deepEqual(
    expected.filter((name) => !met.has(name)),
    [],
  );
});
