// When nothing is asked any more, all slots, waits, locks, leases and queues are free.
import type { World } from '../world.ts';

const name = 'nothing-held';

/** Does any part still work on something? */
export const isQuiet = (world: World): boolean =>
  world.callers.open === 0 &&
  world.callers.waiting === 0 &&
  world.machines.every((machine) => {
    const { front } = machine;
    return (
      machine.isServing() &&
      front !== undefined &&
      pendingIn(front.services).every(([, count]) => count === 0)
    );
  });

const pendingIn = (services: NonNullable<World['machines'][number]['front']>['services']) =>
  [
    ['requests in flight', services.inFlight.count],
    ['waits', services.poller.waiting],
    ['changes to be settled', services.reconciler.open],
    ['records to be written', services.trail.waiting],
  ] as const;

export function requireNothingHeld(world: World): void {
  if (world.callers.open > 0) world.violated(name, `${world.callers.open} requests were never answered`);
  for (const machine of world.machines) {
    const { front } = machine;
    if (front === undefined || !machine.isServing()) {
      world.violated(name, `${machine.name} does not serve`);
      continue;
    }
    for (const [what, count] of pendingIn(front.services))
      if (count > 0) world.violated(name, `${machine.name} has ${count} ${what}`);
  }
  requireStoreFree(world);
}

function requireStoreFree(world: World): void {
  const { redis } = world;
  if (redis === undefined) return;
  for (const key of redis.keys()) {
    const isLock = key.startsWith('peergate:lock:');
    const isLease =
      redis.fieldOf(key, 'state') === 'running' && Number(redis.fieldOf(key, 'lease')) > redis.time;
    if (isLock || isLease) world.violated(name, `${key} is still held`);
  }
}
