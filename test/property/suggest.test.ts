// `policy suggest` for any policy and any refused create of a small world: what it suggests allows that request, and changes no
// decision about another caller, cluster, VPC, account, region, or a block that is not inside the one asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIpv4Network } from '../../src/net/ipv4.ts';
import { decide } from '../../src/policy/engine/decide.ts';
import type { Question } from '../../src/policy/engine/decision.ts';
import { claimsFor } from '../../src/policy/engine/recorded-claims.ts';
import { suggest } from '../../src/policy/engine/suggest.ts';
import { policyOf } from '../support/policy.ts';
import { issuedQuestion, wholePolicy } from './policy-arbitraries.ts';

const inside = (block = '', bounds = ''): boolean => {
  const [one, other] = [parseIpv4Network(block), parseIpv4Network(bounds)];
  assert.ok(!('fault' in one) && !('fault' in other));
  return other.first <= one.first && one.last <= other.last;
};

/** As `src/audit/record/` makes it. */
function recordOf(policy: ReturnType<typeof policyOf>, question: Question) {
  const recorded = claimsFor(policy, question.claims) ?? {};
  const names = Object.keys(recorded);
  const decision = decide(policy, question);
  return {
    start_time: question.at,
    metadata: { event_code: 'peering.create.refused' },
    actor: { user: { uid: question.claims['sub'] }, idp: { name: question.claims['iss'] } },
    api: { request: { data: question.peering } },
    unmapped: {
      claims: Object.fromEntries(
        names.filter((name) => recorded[name] !== null).map((name) => [name, recorded[name]]),
      ),
      absentClaims: names.filter((name) => recorded[name] === null),
      withoutScopes: question.withoutScopes,
      decision,
    },
  };
}

const isSame = (one: Question, other: Question): boolean =>
  other.action === 'create' &&
  one.claims['iss'] === other.claims['iss'] &&
  one.claims['sub'] === other.claims['sub'] &&
  one.clusterId === other.clusterId &&
  one.peering?.vpcId === other.peering?.vpcId &&
  one.peering?.accountId === other.peering?.accountId &&
  one.peering?.region === other.peering?.region &&
  inside(other.peering?.cidrBlock, one.peering?.cidrBlock);

test('the suggestion allows the request, and changes no decision about anything outside of it', () => {
  const seen = { suggested: 0, granted: 0, impossible: 0, others: 0 };
  const questions = fc.array(issuedQuestion, { minLength: 4, maxLength: 12 });
  fc.assert(
    fc.property(wholePolicy, questions, (raw, asked) => {
      const policy = policyOf(JSON.stringify(raw), {}, 0);
      const all = asked as unknown as Question[];
      for (const question of all) {
        const isRefused = decide(policy, question).violations.length > 0;
        if (question.action !== 'create' || typeof question.claims['sub'] !== 'string' || !isRefused)
          continue;
        const suggestion = suggest(policy, recordOf(policy, question));
        if (typeof suggestion === 'string') {
          seen.impossible += 1;
          const codes = decide(policy, question).violations.map(({ code }) => code);
          assert.ok(
            codes.includes('cidr_forbidden') || /no grants|not recorded|lacks|would widen/.test(suggestion),
            `${suggestion}: ${codes}`,
          );
          continue;
        }
        seen.suggested += 1;
        seen.granted += Number(suggestion.grant !== undefined);
        const { callers, only, allows, grant } = suggestion;
        const widened = policyOf(
          JSON.stringify({
            ...raw,
            grants: grant
              ? [...(raw.grants ?? []), { id: 's', callers, actions: ['create'], ...grant }]
              : raw.grants,
            exceptions: [
              ...raw.exceptions,
              { id: 's', callers, only, allows, expires: '2030-01-01T00:00:00Z' },
            ],
          }),
          {},
          0,
        );
        assert.deepEqual(decide(widened, question).violations, []);
        for (const other of all.filter((each) => !isSame(question, each))) {
          const effect = (by: typeof policy) => decide(by, other).violations.length === 0;
          assert.equal(effect(widened), effect(policy));
          seen.others += 1;
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(seen.suggested > 100 && seen.granted > 20 && seen.others > 500, JSON.stringify(seen));
});
