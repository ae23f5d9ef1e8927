// Runs seeds from 1 on until one violates an invariant, and prints which, as JSON; `null` when none does.
import { makePlan, runPlan } from './simulate.ts';

async function findFirst(maxSeeds: number): Promise<{ invariant: string; seeds: number } | null> {
  for (let seeds = 1; seeds <= maxSeeds; seeds += 1) {
    const [violation] = (await runPlan(makePlan(String(seeds)))).violations;
    if (violation !== undefined) return { invariant: violation.invariant, seeds };
  }
  return null;
}

process.stdout.write(JSON.stringify(await findFirst(Number(process.argv[2]))));
