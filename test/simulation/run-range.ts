// Runs a range of seeds for a test: no invariant may be violated, and what the worlds are for must have happened in them.
import assert from 'node:assert/strict';
import { makePlan, runPlan } from '../../simulation/simulate.ts';

/** In a few hundred worlds; without these they show nothing. */
const expected = [
  'answered create 201',
  'answered create 503 circuit-open',
  'exchange lost-answer',
  'exchange reset-after',
  'failover that lost writes',
  'peering.create.reconciled 0',
  'peering.create.reconciled 1',
  'peering.create.reconciled 2',
  'recorded policy.rejected',
  'replayed answer',
  'sent maybe',
  'sent no',
  'sent yes',
  'step crash',
  'step disk-full',
  'step disk-hang',
  'step stall',
];

export async function assertSeedsHold(from: number, count: number): Promise<void> {
  const met = new Set<string>();
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, coverage } = await runPlan(makePlan(String(seed)));
    assert.deepEqual(violations, [], `npm run simulate -- --seed ${seed}`);
    for (const name of coverage.keys()) met.add(name);
  }
  assert.deepEqual(
    expected.filter((name) => !met.has(name)),
    [],
  );
}
