// A whole fuzz run of a surface besides HTTP: one case after the other. Fails at the first case that breaks a promise, and,
// where times are looked at, at the first that takes more than its size allows.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FuzzFailure } from './failure.ts';
import type { FuzzOptions } from './fuzz.ts';
import { type Memory, memory } from './memory.ts';
import { batchSize } from './run.ts';
import type { Surface } from './surface.ts';
import { type SurfaceName, startSurface } from './surfaces.ts';

export interface SurfaceReport {
  readonly cases: number;
  /** What came of them, and how often. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Processor time of the case that took most, in milliseconds. */
  readonly longestMs: number;
  readonly start: Memory;
  readonly warm: Memory;
  readonly end: Memory;
}

/** What a case may take whatever its size, and for each byte: several times what the slowest reader takes. */
const allowedMs = (bytes: number): number => 400 + bytes * 0.012;

/** Resolves to what came of the case, and how long this process worked on it. */
export async function checkInTime(
  surface: Surface<unknown>,
  fuzz: unknown,
  timed: boolean,
): Promise<{ readonly outcome: string; readonly ms: number }> {
  const before = process.cpuUsage();
  const outcome = await surface.check(fuzz);
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1000;
  const bytes = surface.size(fuzz);
  assert.ok(!timed || ms <= allowedMs(bytes), `${Math.round(ms)} ms of processor time for ${bytes} bytes`);
  return { outcome, ms };
}

export async function fuzzSurface(
  name: SurfaceName,
  { seed, cases, shard, progress, failed, timed = false }: FuzzOptions & { readonly timed?: boolean },
): Promise<SurfaceReport> {
  const { index: first, of } = shard ?? { index: 0, of: 1 };
  const surface = await startSurface(name);
  const outcomes = new Map<string, number>();
  let longestMs = 0;
  let done = 0;
  const one = async (fuzz: unknown) => {
    const { outcome, ms } = await checkInTime(surface, fuzz, timed);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    longestMs = Math.max(longestMs, ms);
  };
  try {
    const start = memory();
    let warm: Memory | undefined;
    for (let batch = first; batch * batchSize < cases; batch += of) {
      const batchSeed = (seed + batch) | 0;
      const numRuns = Math.min(batchSize, cases - batch * batchSize);
      for (const [index, fuzz] of fc.sample(surface.arbitrary, { seed: batchSeed, numRuns }).entries()) {
        done += 1;
        await one(fuzz).catch((error: unknown) => {
          const failure = new FuzzFailure(name, { seed: batchSeed, index, fuzz }, error);
          if (failed === undefined) throw failure;
          failed(failure);
        });
      }
      progress?.(done);
      if (warm === undefined && done >= cases / of / 5) warm = memory();
    }
    return { cases: done, outcomes, longestMs, start, warm: warm ?? start, end: memory() };
  } finally {
    await surface.stop();
  }
}
