// Makes a plan that fails smaller, as long as it fails in the same way: fewer steps, fewer repetitions, simpler settings.
import type { Plan, Settings, Step } from './plan.ts';

/** Which invariant a plan violates; `undefined`: none. */
export type Judge = (plan: Plan) => Promise<string | undefined>;

/** Runs of a plan, at most. */
const maxRuns = 400;

export async function shrink(plan: Plan, judge: Judge): Promise<Plan> {
  const invariant = await judge(plan);
  if (invariant === undefined) return plan;
  let runs = 0;
  const fails = async (candidate: Plan): Promise<boolean> => {
    runs += 1;
    return runs <= maxRuns && (await judge(candidate)) === invariant;
  };
  let smallest = plan;
  for (let before = ''; before !== JSON.stringify(smallest) && runs < maxRuns; ) {
    before = JSON.stringify(smallest);
    smallest = await withFewerSteps(smallest, fails);
    smallest = await firstThatFails(smallest, simplerPlans, fails);
  }
  return smallest;
}

type Fails = (plan: Plan) => Promise<boolean>;

/** Leaves out halves, then quarters and so on, then single steps. */
async function withFewerSteps(plan: Plan, fails: Fails): Promise<Plan> {
  let { steps } = plan;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; ) {
      const fewer = steps.toSpliced(at, size);
      if (await fails({ ...plan, steps: fewer })) steps = fewer;
      else at += size;
    }
  }
  return { ...plan, steps };
}

/** Takes every simplification that still fails. */
async function firstThatFails(
  plan: Plan,
  simplerOf: (plan: Plan) => Iterable<Plan>,
  fails: Fails,
): Promise<Plan> {
  let smallest = plan;
  for (let found = true; found; ) {
    found = false;
    for (const simpler of simplerOf(smallest)) {
      if (!(await fails(simpler))) continue;
      smallest = simpler;
      found = true;
      break;
    }
  }
  return smallest;
}

function* simplerPlans(plan: Plan): Generator<Plan> {
  for (const settings of simplerSettings(plan.settings)) yield { ...plan, settings };
  for (const [index, step] of plan.steps.entries())
    for (const simpler of simplerSteps(step)) yield { ...plan, steps: plan.steps.with(index, simpler) };
}

function* simplerSettings(settings: Settings): Generator<Settings> {
  if (settings.instances > 1) yield { ...settings, instances: settings.instances - 1 };
  if (settings.redis) yield { ...settings, redis: false };
  if (settings.signed) yield { ...settings, signed: false };
  if (settings.fleetRefreshSeconds > 0) yield { ...settings, fleetRefreshSeconds: 0 };
  if (settings.sharesBlocks) yield { ...settings, sharesBlocks: false };
}

function* simplerSteps(step: Step): Generator<Step> {
  if (step.kind === 'call') {
    if (step.tries > 1) yield { ...step, tries: step.tries - 1 };
    if (step.key !== undefined) yield { ...step, key: undefined };
    if (step.patienceMs !== undefined) yield { ...step, patienceMs: undefined };
    if (step.roams) yield { ...step, roams: false };
  }
  if ('count' in step && step.count > 1) yield { ...step, count: Math.floor(step.count / 2) };
}
