// Runs a plan to its end: its steps, then a time in which everything works, then a last request to every instance, then an orderly
// stop, then the auditor.
import { checkAtRest, checksOf } from './checks.ts';
import { isQuiet } from './invariants/nothing-held.ts';
import { requireWholeChains } from './invariants/whole-chains.ts';
import type { Machine } from './machine.ts';
import { type CallerStep, endOf, type Plan } from './plan.ts';
import { Random } from './random.ts';
import { inProcess, type SimulatedProcess } from './simulated-process.ts';
import { type Violation, World } from './world.ts';

export interface RunResult {
  readonly plan: Plan;
  /** The first, and what followed from it. */
  readonly violations: readonly Violation[];
  readonly coverage: ReadonlyMap<string, number>;
  /** Of everything that happened, in its order. */
  readonly fingerprint: string;
  readonly trace: readonly string[];
  readonly events: number;
}

/** The last step, too, meets what is broken. */
const untilHealedMs = 8000;
/** After the last fault: leases and locks expire, circuits close, and what waits is tried again. */
const restMs = 20_000;
/** What is done with is given back without waiting. */
const lastRepliesMs = 3000;
/** A delete is settled after ten minutes at the latest. */
const settledWithinMs = 15 * 60_000;
const probedWithinMs = 120_000;
const stoppedWithinMs = 60_000;

export async function runPlan(plan: Plan): Promise<RunResult> {
  const world = new World(plan);
  world.checks = checksOf(world);
  for (const phase of [happen, rest, probe, stop, audit]) {
    if (world.violations.length === 0) await phase(world);
  }
  const { schedule, violations, coverage } = world;
  const { fingerprint, trace, events } = schedule;
  return { plan, violations, coverage: coverage.counts, fingerprint, trace, events };
}

const run = (world: World, forMs: number, isOver: () => boolean = () => false): Promise<boolean> =>
  world.schedule.run(world.schedule.now + forMs, () => world.violations.length > 0 || isOver());

async function happen(world: World): Promise<void> {
  world.begin();
  await run(world, endOf(world.plan) + untilHealedMs);
}

async function rest(world: World): Promise<void> {
  world.heal();
  await run(world, restMs);
  await run(world, settledWithinMs, () => isQuiet(world));
  await run(world, lastRepliesMs);
  // A checkpoint may be due at this very moment.
  await run(world, lastRepliesMs, () => isQuiet(world));
  if (world.violations.length === 0) checkAtRest(world);
}

/** Every instance serves, and creates for every cluster are possible. */
async function probe(world: World): Promise<void> {
  const { machines, clusterIds, callers } = world;
  for (const [instance] of machines.entries())
    for (const [cluster] of clusterIds.entries()) world.take(probeStep(world, instance, cluster));
  await run(world, probedWithinMs, () => callers.waiting === 0);
  const probes = world.attempts.filter(({ step }) => step.caller.startsWith('probe-'));
  const asked = Map.groupBy(probes, ({ step }) => step.caller);
  for (const [caller, tries] of asked)
    if (!tries.some(({ answer }) => answer?.status === 201))
      world.violated('serves-again', `${caller} got ${tries.map(({ answer }) => answer?.code).join(', ')}`);
  if (asked.size < machines.length * clusterIds.length)
    world.violated('serves-again', 'a last create was not taken');
}

function probeStep({ schedule }: World, instance: number, cluster: number): CallerStep {
  const number = 10 * instance + cluster;
  return {
    kind: 'call',
    at: schedule.now,
    operation: 'create',
    caller: `probe-${number}`,
    instance,
    roams: false,
    cluster,
    vpc: 1000 + number,
    block: `10.99.${number}.0/24`,
    key: `probe-${number}`,
    ownRequestId: true,
    // A Redis that failed over while nobody asked it is noticed by the first command.
    tries: 3,
    patienceMs: undefined,
  };
}

async function stop(world: World): Promise<void> {
  const { machines } = world;
  let stopped = 0;
  for (const machine of machines)
    machine.stop(() => {
      stopped += 1;
    }, true);
  const isOver = await run(world, stoppedWithinMs, () => stopped === machines.length);
  if (!isOver) world.violated('nothing-held', 'an instance does not stop');
}

async function audit(world: World): Promise<void> {
  for (const machine of world.machines) {
    machine.disk.writeBack();
    let isDone = false;
    const process = auditorOf(world, machine);
    const done = () => {
      isDone = true;
    };
    inProcess(
      process,
      () =>
        void requireWholeChains(world, machine)
          .catch((error) => world.violated('whole-chains', String(error)))
          .finally(done),
    );
    await run(world, stoppedWithinMs, () => isDone);
  }
}

/** Somebody who reads the files of a machine. */
function auditorOf({ schedule, network }: World, { name, disk }: Machine): SimulatedProcess {
  return {
    name: `auditor of ${name}`,
    schedule,
    random: new Random(name),
    surroundings: { disk, stdout: undefined, network, redis: undefined, front: undefined },
    isDead: false,
    stalledUntil: 0,
    wallOffset: 0,
    startedAt: 0,
  };
}
