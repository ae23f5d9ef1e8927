// Runs many seeds, one after the other, and counts what they met. Can be interrupted and goes on where it was; memory does not
// grow with the number of seeds.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Coverage } from './coverage.ts';
import type { Plan } from './plan.ts';
import { shrink } from './shrink.ts';
import { makePlan, runPlan } from './simulate.ts';
import type { Violation } from './world.ts';

/** A seed that violates an invariant, and the smallest plan that was found to do so as well. */
export interface Finding {
  readonly seed: number;
  readonly violation: Violation;
  readonly shrunk: Plan;
  readonly trace: readonly string[];
}

export interface SeedRange {
  readonly count: number;
  readonly from: number;
  readonly stateFile?: string | undefined;
}

interface State {
  readonly from: number;
  /** The next seed. */
  next: number;
  events: number;
  seconds: number;
  readonly failed: { readonly seed: number; readonly invariant: string }[];
  coverage: readonly (readonly [string, number])[];
}

const reportEverySeeds = 1000;
const saveEverySeeds = 100;
/** Shrinking takes long. */
const maxFindings = 5;

export async function runSeeds(range: SeedRange, print: (text: string) => void): Promise<Finding[]> {
  const state = readState(range);
  const coverage = new Coverage();
  coverage.addAll(state.coverage);
  const findings: Finding[] = [];
  const end = range.from + range.count;
  let startedAt = performance.now();
  const save = () => {
    state.coverage = coverage.sorted();
    state.seconds += (performance.now() - startedAt) / 1000;
    startedAt = performance.now();
    if (range.stateFile !== undefined) writeState(range.stateFile, state);
  };
  for (; state.next < end && findings.length < maxFindings; state.next += 1) {
    const seed = state.next;
    const result = await runPlan(makePlan(String(seed)));
    coverage.addAll(result.coverage);
    state.events += result.events;
    const [violation] = result.violations;
    if (violation !== undefined) {
      state.failed.push({ seed, invariant: violation.invariant });
      print(`seed ${seed}: ${violation.invariant}: ${violation.detail}`);
      findings.push(await describe(seed, violation));
    }
    if ((seed + 1) % saveEverySeeds === 0) save();
    if ((seed + 1) % reportEverySeeds === 0) print(progressOf(state));
  }
  save();
  print(progressOf(state));
  for (const [name, count] of coverage.sorted()) print(`${String(count).padStart(10)} ${name}`);
  return findings;
}

async function describe(seed: number, violation: Violation): Promise<Finding> {
  const judge = async (plan: Plan) => (await runPlan(plan)).violations[0]?.invariant;
  const shrunk = await shrink(makePlan(String(seed)), judge);
  const { trace } = await runPlan(shrunk);
  return { seed, violation, shrunk, trace };
}

const progressOf = ({ from, next, events, seconds, failed }: State): string =>
  `${next - from} seeds from ${from} on, ${events} events, ${failed.length} failed, ${seconds.toFixed(0)} s`;

function readState({ from, stateFile }: SeedRange): State {
  const fresh = { from, next: from, events: 0, seconds: 0, failed: [], coverage: [] };
  if (stateFile === undefined || !existsSync(stateFile)) return fresh;
  const state = JSON.parse(readFileSync(stateFile, 'utf8')) as State;
  if (state.from !== from) throw new Error(`${stateFile} is of seeds from ${state.from} on`);
  return state;
}

/** Whole or not at all. */
function writeState(path: string, state: State): void {
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}
