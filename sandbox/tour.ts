// The tour's frame: one step after the other, each of them checked against what has to come. A step that goes wrong
// says what was expected and what came instead, and the tour goes on, so that everything unexpected shows at once.
import type { DemoParts } from './demo-parts.ts';
import type { Terminal } from './terminal.ts';

/** The outcome of one step's checks. */
export class Checks {
  readonly #failures: string[] = [];

  get failures(): readonly string[] {
    return this.#failures;
  }

  expect(what: string, ok: boolean, found?: unknown): void {
    if (ok) return;
    const came = found === undefined ? '' : `; found ${JSON.stringify(found)}`;
    this.#failures.push(`expected ${what}${came}`);
  }

  equal(what: string, found: unknown, expected: string | number | boolean): void {
    this.expect(`${what} ${JSON.stringify(expected)}`, found === expected, found ?? 'none');
  }
}

export interface TourStep {
  readonly title: string;
  /** Printed behind the ✓. */
  readonly good: string;
  run(place: TourPlace, checks: Checks): Promise<void>;
}

/** Where a step works, and what the steps leave for those after them. */
export interface TourPlace {
  readonly parts: DemoParts;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Of the cluster that the tour is about. */
  readonly peeringsUrl: string;
  token: string;
  peeringId: string;
}

export interface TourResult {
  readonly good: number;
  readonly total: number;
}

export async function runTour(steps: readonly TourStep[], place: TourPlace): Promise<TourResult> {
  let good = 0;
  for (const [index, step] of steps.entries()) {
    place.terminal.heading(`${index + 1}  ${step.title}`);
    const failures = await failuresOf(step, place);
    if (failures.length === 0) good += 1;
    if (failures.length === 0) place.terminal.verdict(true, step.good);
    for (const failure of failures) place.terminal.verdict(false, failure);
  }
  return { good, total: steps.length };
}

async function failuresOf(step: TourStep, place: TourPlace): Promise<readonly string[]> {
  const checks = new Checks();
  const breaksBefore = place.parts.output.chainBreaks;
  try {
    await step.run(place, checks);
  } catch (error) {
    place.signal.throwIfAborted();
    return [...checks.failures, error instanceof Error ? error.message : String(error)];
  }
  const breaks = place.parts.output.chainBreaks - breaksBefore;
  checks.expect('each audit record to carry the fingerprint of the one before', breaks === 0);
  return checks.failures;
}
