// The way in: puts the simulated world below the gateway before any code of it is loaded.
import './substitutes/register.ts';

export const { runPlan } = await import('./run-plan.ts');
export const { makePlan } = await import('./make-plan.ts');
