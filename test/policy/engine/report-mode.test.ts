// Report mode: nothing is refused, and everything that would be is in the decision.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { Question } from '../../../src/policy/engine/decision.ts';
import { allowed, clusterId, guardrailsOnly } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const grants = `grants:
  - { id: payments, callers: [{ claim: sub, equals: payments }], actions: [create], regions: [us-east-1] }
`;
const enforced = policyOf(guardrailsOnly + grants);
const reported = policyOf(`${guardrailsOnly}${grants}mode: report\n`);
const question = (changes: object, sub = 'payments'): Question => ({
  claims: { sub },
  at: 0,
  action: 'create',
  clusterId,
  peering: { ...allowed, clusterId, ...changes },
});

test('a would-be refusal is allowed, with the violations that enforcing would give', () => {
  for (const asked of [
    question({ region: 'eu-west-1' }),
    question({ cidrBlock: '10.20.0.0/29', accountId: '999999999999' }),
    question({}, 'nobody'),
  ]) {
    const [strict, lenient] = [decide(enforced, asked), decide(reported, asked)];
    assert.equal(strict.effect, 'deny');
    assert.ok(strict.violations.length > 0);
    assert.deepEqual(lenient, {
      ...strict,
      effect: 'allow',
      mode: 'report',
      policyVersion: reported.version,
    });
  }
});

test('what fits is the same in both modes but for the mode', () => {
  const decision = decide(reported, question({}));
  assert.deepEqual(decision, {
    ...decide(enforced, question({})),
    mode: 'report',
    policyVersion: reported.version,
  });
  assert.deepEqual([decision.effect, decision.grant, decision.violations], ['allow', 'payments', []]);
});

test('a question that is none is refused in report mode, too', () => {
  for (const cidrBlock of ['10.0.0.0/8\n', '999.1.1.1/99', '', 5, null, ['10.20.4.0/22']])
    assert.equal(decide(reported, question({ cidrBlock })).effect, 'deny', JSON.stringify(cidrBlock));
});
