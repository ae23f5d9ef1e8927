// Runs a policy's test cases against it. Pure.
import type { Policy } from '../engine/compile.ts';
import { decide } from '../engine/decide.ts';
import type { Decision } from '../engine/decision.ts';
import type { PolicyTest } from './policy-tests.ts';

export interface TestResult {
  readonly case: PolicyTest;
  readonly decision: Decision;
  readonly passed: boolean;
}

/**
 * `now` is the time of the cases that name none. In report mode a case expects what enforcing would give: the tests say
 * what the rules say, not whether they are enforced yet.
 */
export function runPolicyTests(policy: Policy, cases: readonly PolicyTest[], now: number): TestResult[] {
  return cases.map((test) => {
    const decision = decide(policy, { ...test.question, claims: test.claims, at: test.at ?? now });
    const sameVerdict = verdictOf(decision) === test.expect;
    const passed = sameVerdict && (test.codes === undefined || sameSet(test.codes, codesOf(decision)));
    return { case: test, decision, passed };
  });
}

/** What the rules say, whether or not the mode enforces it. */
export const verdictOf = ({ violations }: Decision): 'allow' | 'deny' =>
  violations.length === 0 ? 'allow' : 'deny';

export const codesOf = ({ violations }: Decision): string[] => [
  ...new Set(violations.map(({ code }) => code)),
];

export function describeTestFailure({ case: test, decision }: TestResult): string {
  const list = (codes: readonly string[]) => (codes.length === 0 ? 'no codes' : codes.join(', '));
  const wanted = test.codes === undefined ? test.expect : `${test.expect} with ${list(test.codes)}`;
  return `"${test.name}" expects ${wanted}, the policy says ${verdictOf(decision)} with ${list(codesOf(decision))}`;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && a.every((code) => b.includes(code));
