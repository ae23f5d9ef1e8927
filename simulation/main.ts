// `npm run simulate`: runs seeds, or one of them with everything that happens in it, or proves that planted bugs are found. See
// docs/reliability.md.
import { parseArgs } from 'node:util';
import { describePlan } from './plan.ts';
import { proveHarness } from './prove.ts';
import { type Finding, runSeeds } from './run-seeds.ts';
import { makePlan, runPlan } from './simulate.ts';

const usage = `Usage: npm run simulate -- [--seeds N] [--from M] [--state FILE]   N seeds from M on; 1000 from 1 by default
       npm run simulate -- --seed N                                one seed, with everything that happens
       npm run simulate -- --prove [--only NAME]                   finds every planted bug, or one
`;

const tailLines = 60;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      state: { type: 'string' },
      prove: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  if (values.prove) return await proveHarness(values.only, print);
  if (values.seed !== undefined) return await runOne(values.seed);
  const options = { count: Number(values.seeds), from: Number(values.from), stateFile: values.state };
  const findings = await runSeeds(options, print);
  for (const finding of findings) describeFinding(finding);
  return findings.length === 0 ? 0 : 1;
}

async function runOne(seed: string): Promise<number> {
  const { plan, trace, violations, fingerprint } = await runPlan(makePlan(seed));
  print(describePlan(plan));
  print(trace.join('\n'));
  print(`trace ${fingerprint}`);
  for (const { invariant, detail } of violations) print(`violated: ${invariant}: ${detail}`);
  return violations.length === 0 ? 0 : 1;
}

function describeFinding({ seed, shrunk, violation, trace }: Finding): void {
  print(`\nseed ${seed} violates ${violation.invariant}: ${violation.detail}`);
  print(`the smallest plan that does:\n${describePlan(shrunk)}`);
  print(`the end of its trace:\n${trace.slice(-tailLines).join('\n')}`);
}

process.exitCode = await main();
