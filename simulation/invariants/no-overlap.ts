// Never two live peerings of overlapping blocks, or of one VPC, with a cluster, through instances that share a store that works.
import type { Attempt } from '../caller.ts';
import type { CloudPeering } from '../cloud.ts';
import type { World } from '../world.ts';

/** A lock is held for 15 s without renewal, and waited for as long as a create takes. */
const forgottenAfterMs = 90_000;

export function requireNoOverlap(world: World, attempt: Attempt): void {
  const { settings, cloud } = world;
  if (settings.preflight === 'off' || !attempt.isExecuted || attempt.step.operation !== 'create') return;
  const made = cloud.peerings.find(({ madeBy }) => madeBy === attempt.requestId);
  if (made === undefined) return;
  for (const other of cloud.peerings) {
    if (other === made || other.clusterId !== made.clusterId || !cloud.isLive(other)) continue;
    if (!conflicts(made, other)) continue;
    const earlier = world.attemptOf(other.madeBy);
    if (earlier === undefined) continue;
    const excuse = excuseFor(world, attempt, earlier);
    if (excuse === undefined)
      world.violated(
        'no-overlap',
        `${made.body.vpcId} ${made.body.cidrBlock} of ${attempt.requestId} beside ${other.body.vpcId} ${other.body.cidrBlock} of ${earlier.requestId}`,
      );
    else world.count(`overlap: ${excuse}`);
  }
}

/** Why nothing was promised; `undefined`: it was. */
function excuseFor(world: World, attempt: Attempt, earlier: Attempt): string | undefined {
  const { redis, listsLate, actsLate, lastStallAt } = world;
  const { now } = world.schedule;
  if (listsLate) return 'the upstream lists late';
  if (actsLate) return 'the upstream acts late';
  if (earlier.isOrphaned || attempt.isOrphaned) return 'the create arrived after its process had died';
  if (redis === undefined)
    return attempt.machine === earlier.machine ? undefined : 'two instances without a store';
  if (now - redis.lastTroubleAt < forgottenAfterMs) return 'the store did not work';
  return now - lastStallAt < forgottenAfterMs ? 'an instance stalled for longer than its lock' : undefined;
}

const conflicts = (one: CloudPeering, other: CloudPeering): boolean =>
  one.body.vpcId === other.body.vpcId || overlaps(one.body.cidrBlock, other.body.cidrBlock);

/** Two blocks overlap when the shorter prefix is that of both. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [bitsOf(one), bitsOf(other)];
  const length = Math.min(a.length, b.length);
  return a.slice(0, length) === b.slice(0, length);
}

function bitsOf(block: string): string {
  const [address = '', length] = block.split('/');
  const bits = address.split('.').map((octet) => Number(octet).toString(2).padStart(8, '0'));
  return bits.join('').slice(0, Number(length));
}
