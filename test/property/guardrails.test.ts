// The guardrails' decision against a reader that shares no code with it: nothing is allowed that the rules do not allow, and
// nothing that a caller can write makes the decision fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../src/policy/engine/decide.ts';
import type { PeeringRequest, ViolationCode } from '../../src/policy/engine/decision.ts';
import { clusterId } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';
import { bitsOf, isCovered, overlapsAny, textOf } from './bits.ts';
import { anyText, bits } from './networks.ts';

const accounts = ['111122223333', '444455556666', '777788889999'];
const regions = ['us-east-1', 'eu-west-1', 'us-gov-west-1'];

const guardrails = fc.record({
  accounts: fc.uniqueArray(fc.constantFrom(...accounts), { minLength: 1 }),
  regions: fc.uniqueArray(fc.constantFrom(...regions), { minLength: 1 }),
  cidrs: fc.array(bits.map(textOf), { minLength: 1, maxLength: 5 }),
  forbiddenCidrs: fc.array(bits.map(textOf), { maxLength: 3 }),
  prefixLength: fc
    .tuple(fc.nat({ max: 32 }), fc.nat({ max: 32 }))
    .map(([one, other]) => ({ min: Math.min(one, other), max: Math.max(one, other) })),
  secureConnection: fc.constantFrom('required', 'optional'),
});
type Guardrails = typeof guardrails extends fc.Arbitrary<infer T> ? T : never;

/** Often inside of the rules, so that both answers are common. */
const requestFor = (rules: Guardrails): fc.Arbitrary<PeeringRequest> =>
  fc.record({
    clusterId: fc.constant(clusterId),
    vpcId: fc.string(),
    cidrBlock: fc.oneof(
      anyText,
      fc.constantFrom(...rules.cidrs),
      fc
        .tuple(fc.constantFrom(...rules.cidrs), bits)
        .map(([cidr, more]) => textOf(((bitsOf(cidr) as string) + more).slice(0, 32))),
    ),
    accountId: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...accounts) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    region: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...regions) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    isSecureConnection: fc.boolean(),
  });

/** Every rule that the request breaks, by the words of the interface. */
function brokenRules(rules: Guardrails, request: PeeringRequest): ViolationCode[] {
  const asked = bitsOf(request.cidrBlock);
  if (asked === undefined) return ['cidr_not_allowed'];
  const list = (texts: readonly string[]) => texts.map((text) => bitsOf(text) as string);
  const broken: ViolationCode[] = [];
  if (!rules.accounts.includes(request.accountId)) broken.push('account_not_allowed');
  if (!rules.regions.includes(request.region)) broken.push('region_not_allowed');
  if (!isCovered(list(rules.cidrs), asked)) broken.push('cidr_not_allowed');
  if (overlapsAny(list(rules.forbiddenCidrs), asked)) broken.push('cidr_forbidden');
  if (asked.length < rules.prefixLength.min || asked.length > rules.prefixLength.max)
    broken.push('prefix_length');
  if (rules.secureConnection === 'required' && !request.isSecureConnection)
    broken.push('insecure_connection');
  return broken;
}

const decideBy = (rules: Guardrails, peering: PeeringRequest) => {
  const policy = policyOf(JSON.stringify({ version: 1, organization: 'acme', guardrails: rules }));
  return decide(policy, { claims: {}, at: 0, action: 'create', clusterId: peering.clusterId, peering });
};

test('a create is allowed exactly when it breaks no rule, and every rule that it breaks is named once', () => {
  const cases = guardrails.chain((rules) =>
    fc.record({ rules: fc.constant(rules), request: requestFor(rules) }),
  );
  const seen = { allow: 0, deny: 0 };
  fc.assert(
    fc.property(cases, ({ rules, request }) => {
      const decision = decideBy(rules, request);
      const expected = brokenRules(rules, request);
      assert.deepEqual(decision.violations.map(({ code }) => code).sort(), expected.sort());
      assert.equal(decision.effect, expected.length === 0 ? 'allow' : 'deny');
      seen[decision.effect] += 1;
    }),
    { numRuns: 1000 },
  );
  assert.ok(seen.allow > 0 && seen.deny > 0, JSON.stringify(seen));
});

test('no values, however formed, make the decision throw or grow without bound', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', '\ud800', '\0'),
    anyText,
  );
  const request = fc.record({
    clusterId: odd,
    vpcId: odd,
    cidrBlock: odd,
    accountId: odd,
    region: odd,
    isSecureConnection: fc.boolean(),
  });
  fc.assert(
    fc.property(guardrails, request, (rules, asked) => {
      const decision = decideBy(rules, asked);
      assert.equal(decision.effect, 'deny');
      assert.ok(decision.violations.length <= 6);
      for (const { field, allowed } of decision.violations) {
        assert.match(field, /^\/[A-Za-z]+$/);
        assert.ok(JSON.stringify(allowed).length < 2_000);
      }
    }),
    { numRuns: 500 },
  );
});
