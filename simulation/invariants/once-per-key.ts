// With an `Idempotency-Key` and a store that keeps what it acknowledged there is at most one peering. With one that loses writes,
// or with keys in the memory of several instances, exactly the documented exception.
import type { Attempt } from '../caller.ts';
import type { World } from '../world.ts';

export function requireOncePerKey(world: World, attempt: Attempt): void {
  const { operation, key } = attempt.step;
  if (operation !== 'create' || key === undefined || !attempt.isExecuted) return;
  for (const earlier of world.attempts) {
    if (earlier === attempt || !earlier.isExecuted || !hasSameKey(earlier, attempt)) continue;
    const made = world.cloud.peerings.find(({ madeBy }) => madeBy === earlier.requestId);
    if (made === undefined || !world.cloud.isLive(made)) continue;
    const excuse = excuseFor(world, attempt, earlier);
    if (excuse === undefined)
      world.violated(
        'once-per-key',
        `${attempt.requestId} and ${earlier.requestId} were carried out with one key`,
      );
    else world.count(`twice with one key: ${excuse}`);
  }
}

const hasSameKey = ({ step, clusterId }: Attempt, other: Attempt): boolean =>
  step.operation === 'create' &&
  step.key === other.step.key &&
  step.caller === other.step.caller &&
  clusterId === other.clusterId;

/** Why nothing was promised; `undefined`: it was. */
function excuseFor(world: World, attempt: Attempt, earlier: Attempt): string | undefined {
  const { redis, listsLate, actsLate } = world;
  if (listsLate) return 'the upstream lists late';
  if (actsLate) return 'the upstream acts late';
  if (earlier.isOrphaned || attempt.isOrphaned) return 'the create arrived after its process had died';
  if (redis === undefined) return attempt.process === earlier.process ? undefined : 'keys in memory';
  const isLost = [...redis.lostKeys].some((key) => key.startsWith('peergate:idempotency:'));
  return isLost ? 'the store lost what it had acknowledged' : undefined;
}
