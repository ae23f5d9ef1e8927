// What each step of a plan does to a world.
import type { Step } from './plan.ts';
import type { World } from './world.ts';

type Takers = {
  readonly [Kind in Step['kind']]: (world: World, step: Extract<Step, { readonly kind: Kind }>) => void;
};

const takers: Takers = {
  call: ({ callers }, step) => callers.call(step),
  exchange(world, { exchange, fault, count }) {
    if (fault === 'late') world.actsLate = true;
    world.network.failNext(exchange, fault, count);
  },
  unreachable(world, { forMs }) {
    world.network.isUnreachable = true;
    world.afterwards(forMs, 'upstream is reachable', () => {
      world.network.isUnreachable = false;
    });
  },
  'list-lag'(world, { lagMs }) {
    world.listsLate = true;
    world.cloud.listLagMs = lagMs;
  },
  /** The owner of a VPC refuses a peering. */
  reject(world) {
    const { cloud, schedule } = world;
    const pending = cloud.peerings.find((peering) => cloud.statusOf(peering) === 'pending-acceptance');
    if (pending === undefined) return;
    world.count('peering rejected');
    pending.rejectedAt = schedule.now;
  },
  policy: (world, { variant, instance }) => world.changePolicy(variant, instance),
  crash: (world, { instance, power, forMs }) => world.crash(world.machine(instance), power, forMs),
  restart: (world, { instance }) => world.restart(world.machine(instance)),
  stall(world, { instance, forMs }) {
    world.lastStallAt = world.schedule.now + forMs;
    world.machine(instance).stall(forMs);
  },
  clock: (world, { instance, byMs }) => world.machine(instance).setClock(byMs),
  rotate: (world, { instance, signals }) => world.machine(instance).rotate(signals),
  disk(world, { instance, fault, count }) {
    const { disk, stdout } = world.machine(instance);
    const target = world.settings.auditFile ? disk : stdout;
    if (fault === 'sync') disk.syncsToFail += count;
    else if (fault === 'write') target.writesToFail += count;
    else target.writesToCut += count;
  },
  'disk-hang'(world, { instance, forMs }) {
    world.machine(instance).disk.hangsUntil = world.schedule.now + forMs;
  },
  'disk-full'(world, { instance, forMs }) {
    const { disk } = world.machine(instance);
    disk.isFull = true;
    world.afterwards(forMs, 'the disk has room', () => {
      disk.isFull = false;
    });
  },
  'stdout-blocked'(world, { instance, forMs }) {
    world.machine(instance).stdout.blockedUntil = world.schedule.now + forMs;
  },
  redis(world, { trouble, forMs }) {
    world.count(`redis ${trouble}`);
    world.redis?.suffer(trouble);
    world.afterwards(forMs, 'redis works', () => world.redis?.suffer(undefined));
  },
  'redis-slow': ({ redis }, { forMs }) => redis?.beSlow(forMs),
  'redis-replies': ({ redis }, { count }) => redis?.loseReplies(count),
  failover(world, { lostMs, breaksLinks }) {
    world.redis?.failOver(lostMs, breaksLinks);
    if (world.redis !== undefined && world.redis.lostKeys.size > 0) world.count('failover that lost writes');
  },
};

export function takeStep(world: World, step: Step): void {
  const take = takers[step.kind] as (world: World, step: Step) => void;
  take(world, step);
}
