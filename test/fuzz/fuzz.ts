// A whole fuzz run: starts a gateway, puts cases to it, and looks at what is left afterwards. Fails at the first case that
// breaks a promise, and at the end when memory, connections or work have been left behind.
import assert from 'node:assert/strict';
import { until } from '../support/until.ts';
import { type Memory, memory } from './memory.ts';
import { batchSize, FuzzRun, type Tally } from './run.ts';
import { startWorld, type World } from './world.ts';

export interface FuzzReport extends Omit<Tally, 'statuses'> {
  readonly statuses: ReadonlyMap<number, number>;
  readonly seconds: number;
  readonly start: Memory;
  readonly warm: Memory;
  readonly end: Memory;
  /** Creates that reached the upstream. */
  readonly posts: number;
  /** Deletes, likewise. */
  readonly deletes: number;
  readonly records: number;
}

export interface FuzzOptions {
  /** Of the first batch; each next one has the next. */
  readonly seed: number;
  readonly cases: number;
  /** Takes only every so manieth batch, beginning with this one: several processes share a run. */
  readonly shard?: { readonly index: number; readonly of: number };
  readonly progress?: (done: number) => void;
  /** Told of each batch that fails; without it the first one ends the run. */
  readonly failed?: (error: Error) => void;
}

/** So many cases make everything that is made once: code, pools, caches. */
const warmCases = 20_000;

export async function fuzz({ seed, cases, shard, progress, failed: tell }: FuzzOptions): Promise<FuzzReport> {
  const { index, of } = shard ?? { index: 0, of: 1 };
  const failed = (error: Error) => {
    if (tell === undefined) throw error;
    tell(error);
    world.watch.faults.length = 0;
  };
  const handlesBefore = handles();
  const world = await startWorld();
  const run = new FuzzRun(world);
  let report: FuzzReport;
  try {
    const start = memory();
    let warm: Memory | undefined;
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    for (let batch = index; batch * batchSize < cases; batch += of) {
      await run.batch((seed + batch) | 0, Math.min(batchSize, cases - batch * batchSize)).catch(failed);
      progress?.(run.tally.cases);
      if (warm === undefined && run.tally.cases >= Math.min(warmCases, cases / of / 2)) warm = memory();
    }
    const seconds = elapsed();
    await settle(run, world);
    const { posts, deletes, records } = world.watch.counts;
    report = { ...run.tally, seconds, start, warm: warm ?? start, end: memory(), posts, deletes, records };
  } finally {
    run.close();
    await world.stop();
  }
  // A request that is still counted as in flight would have been cut off, and said so in the log.
  world.watch.assertNone();
  assert.equal(world.watch.openIntents, 0, 'every intent has its outcome');
  await until(`no handle is left: ${handles()}`, () => handles() === handlesBefore);
  return report;
}

/** Hangs up, and waits until the gateway has finished what the callers have left behind. */
async function settle(run: FuzzRun, world: World): Promise<void> {
  run.close();
  await until('creates have their outcomes', () => world.watch.openIntents === 0);
  const alive = await fetch(`${world.adminUrl}/readyz`);
  assert.equal(alive.status, 200, 'the gateway is well');
  await alive.arrayBuffer();
  assert.ok(world.issuerRequests() < 10 + performance.now() / 10_000, 'unknown keys do not flood the issuer');
  world.watch.endBatch([], new Set());
}

/** What keeps the process alive, but for the terminal. */
const handles = (): string =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Pipe|FSReq|GetAddrInfo|Worker|MessagePort/.test(name))
    .sort()
    .join(' ');
