// Runs a policy's test cases against it. Pure.
import type { Policy } from '../engine/compile.ts';
import { decide } from '../engine/decide.ts';
import { codesOf, type Decision, verdictOf } from '../engine/decision.ts';
import { type KnownIssuer, needsNoScope } from './issuer-checks.ts';
import type { PolicyTest } from './policy-tests.ts';

export interface TestResult {
  readonly case: PolicyTest;
  readonly decision: Decision;
  readonly passed: boolean;
  /** It failed only since an exception has expired: it has no time of its own, and passed at an earlier one. */
  readonly needsExpired: boolean;
}

/**
 * `now` is the time of the cases that name none, `issuers` say whose tokens need no scope. In report mode a case expects
 * what enforcing would give: the tests say what the rules say, not whether they are enforced yet.
 */
export function runPolicyTests(
  policy: Policy,
  cases: readonly PolicyTest[],
  now: number,
  issuers: readonly KnownIssuer[] = [],
): TestResult[] {
  const ends = policy.data.exceptions.map(({ expires }) => expires).filter((expires) => expires <= now);
  const decideCase = ({ question, claims }: PolicyTest, at: number): Decision => {
    return decide(policy, { ...question, claims, withoutScopes: needsNoScope(claims, issuers), at });
  };
  return cases.map((test) => {
    const decision = decideCase(test, test.at ?? now);
    const passed = isExpected(test, decision);
    const passedBefore = () => ends.some((end) => isExpected(test, decideCase(test, end - 1)));
    const needsExpired = !passed && test.at === undefined && passedBefore();
    return { case: test, decision, passed, needsExpired };
  });
}

const isExpected = ({ expect, codes }: PolicyTest, decision: Decision): boolean =>
  verdictOf(decision) === expect && (codes === undefined || sameSet(codes, codesOf(decision)));

export function describeTestFailure({ case: test, decision, needsExpired }: TestResult): string {
  const list = (codes: readonly string[]) => (codes.length === 0 ? 'no codes' : codes.join(', '));
  const wanted = test.codes === undefined ? test.expect : `${test.expect} with ${list(test.codes)}`;
  const said = `the policy says ${verdictOf(decision)} with ${list(codesOf(decision))}`;
  const hint = needsExpired ? '; it needs an exception that has expired: give the test a time with at' : '';
  return `"${test.name}" expects ${wanted}, ${said}${hint}`;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && a.every((code) => b.includes(code));
