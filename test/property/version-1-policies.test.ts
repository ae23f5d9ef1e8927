// A policy of version 1 keeps its meaning: `version-1-decisions.jsonl` holds generated policies and requests, with what the
// gateway decided before conditions could be combined, accounts be taken from a claim, and exceptions be narrowed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decide } from '../../src/policy/engine/decide.ts';
import type { Decision, Question } from '../../src/policy/engine/decision.ts';
import { policyOf } from '../support/policy.ts';

interface Recorded {
  readonly policy: unknown;
  readonly cases: readonly {
    readonly question: Question;
    /** Violations as `RULE CODE`, without the policy's version. */
    readonly decision: unknown;
  }[];
}

const corpus = readFileSync(new URL('version-1-decisions.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

const summary = ({ policyVersion: _, violations, ...decision }: Decision) => ({
  ...decision,
  violations: violations.map(({ rule, code }) => `${rule} ${code}`),
});

test('every policy that loaded before loads, and decides as before', () => {
  let decided = 0;
  for (const { policy, cases } of corpus) {
    const compiled = policyOf(JSON.stringify(policy), {}, 0);
    for (const { question, decision } of cases) {
      assert.deepEqual(summary(decide(compiled, question)), decision, JSON.stringify({ policy, question }));
      decided += 1;
    }
  }
  assert.equal(decided, 300);
});
