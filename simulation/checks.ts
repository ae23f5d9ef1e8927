// All that is checked of a run: some of it whenever something happens, the rest when everything has come to rest.
import { requireBounded } from './invariants/bounded-callers.ts';
import { requireHonestAnswer, requireHonestToTheEnd } from './invariants/honest-answers.ts';
import { requireNoOverlap } from './invariants/no-overlap.ts';
import { requireNothingHeld } from './invariants/nothing-held.ts';
import { requireOncePerKey } from './invariants/once-per-key.ts';
import { requirePolicyObeyed } from './invariants/policy-obeyed.ts';
import { requireRecorded, requireStillRecorded } from './invariants/recorded-before-sent.ts';
import { requireSettled, requireTrueRecord } from './invariants/settled-intents.ts';
import type { Checks, World } from './world.ts';

export const checksOf = (world: World): Checks => ({
  sent(attempt, request) {
    requireRecorded(world, attempt, request);
    if (attempt !== undefined) requirePolicyObeyed(world, attempt);
  },
  arrived(attempt) {
    requireNoOverlap(world, attempt);
    requireOncePerKey(world, attempt);
  },
  answered: (attempt) => requireHonestAnswer(world, attempt),
  recorded(machine, record) {
    const { new: version } = (record.unmapped['policy'] ?? {}) as { new?: string };
    if (record.code === 'policy.loaded' && version !== undefined) machine.tookUpPolicy(version);
    requireTrueRecord(world, machine, record);
  },
});

/** When all faults are over and nothing is asked any more. */
export function checkAtRest(world: World): void {
  requireNothingHeld(world);
  requireHonestToTheEnd(world);
  requireStillRecorded(world);
  requireSettled(world);
  requireBounded(world);
}
