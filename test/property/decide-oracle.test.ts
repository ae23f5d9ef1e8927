// The decision against an oracle that is written another way, for any policy and any request of a small world.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Policy } from '../../src/policy/engine/compile.ts';
import { decide } from '../../src/policy/engine/decide.ts';
import type { Decision, Question, Violation } from '../../src/policy/engine/decision.ts';
import { policyOf } from '../support/policy.ts';
import { issuedQuestion, question, rawPolicy, wholePolicy } from './policy-arbitraries.ts';
import { activeExceptions, allows, type Opinion, opinionsOn, type RawPolicy } from './policy-oracle.ts';

const asked = { minLength: 4, maxLength: 12 };
const situation = fc.oneof(
  fc.tuple(rawPolicy, fc.array(question, asked)),
  fc.tuple(wholePolicy, fc.array(issuedQuestion, asked)),
);

/** Calls back with every request of many situations, and what was decided. */
function forAll(
  check: (raw: RawPolicy & { mode: string }, asked: Question, decision: Decision, policy: Policy) => void,
) {
  fc.assert(
    fc.property(situation, ([raw, questions]) => {
      const policy = policyOf(JSON.stringify(raw), {}, 0);
      for (const each of questions) {
        const asked = each as unknown as Question;
        check(raw, asked, decide(policy, asked), policy);
      }
    }),
    { numRuns: 1000 },
  );
}

const isNobody = (raw: RawPolicy, asked: Question): boolean =>
  asked.withoutScopes === true && opinionsOn(raw, asked).grants?.length === 0;

function accountClaimOf({ grants = [] }: RawPolicy, grant: string | null): string | undefined {
  const accounts = grants.find(({ id }) => id === grant)?.accounts ?? [];
  return 'fromClaim' in accounts ? accounts.fromClaim : undefined;
}

const codesBy = (violations: readonly Violation[], rule: (name: string) => boolean) =>
  violations
    .filter((violation) => rule(violation.rule))
    .map(({ code }) => code)
    .sort();

test('the verdict is the oracle’s, and only report mode turns a denial into an approval, never for want of a grant without scopes or for what others created', () => {
  const seen = { allow: 0, deny: 0, nobody: 0, proven: 0, others: 0 };
  forAll((raw, asked, decision) => {
    const fits = allows(raw, asked);
    seen[fits ? 'allow' : 'deny'] += 1;
    assert.equal(decision.violations.length === 0, fits);
    const nobody = isNobody(raw, asked);
    seen.nobody += Number(nobody);
    const others = decision.violations.some(({ code }) => code === 'not_owner');
    seen.others += Number(others);
    assert.equal(decision.effect, fits || (raw.mode === 'report' && !nobody && !others) ? 'allow' : 'deny');
    const claim = accountClaimOf(raw, decision.grant);
    seen.proven += Number(claim !== undefined);
    assert.equal(decision.accountsFromClaim, claim);
    assert.equal(decision.mode, raw.mode);
    if (!fits || raw.grants === undefined) assert.equal(decision.grant, null);
  });
  // A property about verdicts that only ever saw one of them would say nothing.
  assert.ok(
    seen.allow > 50 && seen.deny > 50 && seen.nobody > 50 && seen.proven > 5 && seen.others > 5,
    JSON.stringify(seen),
  );
});

test('the violations are exactly those of the guardrails and of the first grant that comes nearest', () => {
  forAll((raw, asked, { violations, grant }) => {
    const { guardrails, grants } = opinionsOn(raw, asked);
    assert.deepEqual(
      codesBy(violations, (rule) => rule === 'guardrails'),
      [...guardrails].sort(),
    );
    const ofGrants = codesBy(violations, (rule) => rule !== 'guardrails');
    if (grants === undefined) assert.deepEqual(ofGrants, []);
    else if (grants.length === 0) assert.deepEqual(ofGrants, ['no_grant']);
    else {
      const least = Math.min(...grants.map(({ codes }) => codes.length));
      const nearest = grants.find(({ codes }) => codes.length === least) as Opinion;
      assert.deepEqual(ofGrants, [...nearest.codes].sort());
      const rules = new Set(violations.map(({ rule }) => rule).filter((rule) => rule !== 'guardrails'));
      assert.deepEqual([...rules], least === 0 ? [] : [nearest.rule]);
      if (grant !== null) assert.ok(grants.some(({ rule }) => rule === grant));
    }
  });
});

test('of an approval the named exceptions are enough, the named grant fits with them, and none can be spared', () => {
  let needed = 0;
  forAll((raw, asked, { violations, exceptions, grant }) => {
    const active = activeExceptions(raw, asked).map(({ id }) => id);
    assert.ok(exceptions.every((id) => active.includes(id)));
    if (violations.length > 0) return;
    needed += exceptions.length;
    const only = (ids: readonly string[]): RawPolicy => ({
      ...raw,
      exceptions: raw.exceptions.filter(({ id }) => ids.includes(id)),
    });
    assert.ok(allows(only(exceptions), asked));
    const fitting = opinionsOn(only(exceptions), asked).grants?.filter(({ codes }) => codes.length === 0);
    if (fitting !== undefined) assert.ok(fitting.some(({ rule }) => rule === grant));
    for (const spared of exceptions)
      assert.ok(!allows(only(exceptions.filter((id) => id !== spared)), asked), spared);
  });
  assert.ok(needed > 20, String(needed));
});

function withPlace(asked: Question, change: object): Question {
  const what = asked.peering === undefined ? 'existing' : 'peering';
  return { ...asked, [what]: { ...asked[what], ...change } } as Question;
}

const fields = { account_not_allowed: 'accountId', region_not_allowed: 'region' } as const;

test('what is said to have passed would have', () => {
  let offered = 0;
  forAll((raw, asked, { violations }, policy) => {
    for (const { code, rule, allowed } of violations) {
      const field = fields[code as keyof typeof fields];
      if (field !== undefined) {
        for (const value of allowed as readonly string[]) {
          const left = opinionsOn(raw, withPlace(asked, { [field]: value }));
          const codes =
            rule === 'guardrails' ? left.guardrails : left.grants?.find((g) => g.rule === rule)?.codes;
          assert.ok(!codes?.includes(code), value);
        }
      }
      if (!('nearest' in allowed)) continue;
      offered += 1;
      const other = { ...asked, peering: { ...asked.peering, cidrBlock: allowed.nearest } } as Question;
      const left = decide(policy, other).violations.map((violation) => violation.field);
      assert.ok(!left.includes('/cidrBlock'), allowed.nearest);
      assert.ok(!opinionsOn(raw, other).guardrails.some((left) => /cidr|prefix/.test(left)));
    }
  });
  assert.ok(offered > 20, String(offered));
});

test('deciding changes nothing and depends on nothing else', () => {
  forAll((_raw, asked, decision, policy) => {
    deepFreeze(asked);
    assert.deepEqual(decide(policy, asked), decision);
  });
});

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
