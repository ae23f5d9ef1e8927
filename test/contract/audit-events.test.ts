// Whatever `src/audit/event.ts` is given, what it makes fits `openapi/audit-event.schema.json`: the schema promises
// auditors nothing that the code does not keep.
import { randomUUID } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../src/audit/chain.ts';
import {
  intentEvent,
  type Outcome,
  outcomeEvent,
  policyLoadedEvent,
  type RequestFacts,
  refusedEvent,
} from '../../src/audit/event.ts';
import { type ErrorCode, errorRules } from '../../src/errors.ts';
import type { Violation } from '../../src/policy/decision.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId } from '../support/gateway.ts';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const word = fc.string({ minLength: 1, unit: 'grapheme' });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** All but the policy's, which has its own test: it needs the decision, and never has an outcome. */
const codes = fc.constantFrom(
  ...(Object.keys(errorRules) as ErrorCode[]).filter((code) => code !== 'policy-denied'),
);

const caller = fc.record({
  issuer: fc.webUrl(),
  subject: word,
  clientId: maybe(word),
  tokenId: maybe(word),
  scopes: fc.constant(new Set<string>()),
});

const violation: fc.Arbitrary<Violation> = fc.record({
  code: fc.constantFrom('account_not_allowed', 'prefix_length', 'insecure_connection', 'cidr_forbidden'),
  field: fc.constantFrom('/accountId', '/cidrBlock', '/isSecureConnection'),
  rule: word,
  description: word,
  allowed: fc.oneof(
    fc.array(fc.string(), { maxLength: 20 }),
    fc.constant([true]),
    fc.record({ min: fc.nat(32), max: fc.nat(32) }),
    fc.record({ outside: fc.array(fc.string(), { maxLength: 20 }) }),
  ),
});

const common = {
  startedAt: fc.nat(),
  gatewayRequestId: fc.uuid(),
  requestId: fc.stringMatching(/^[A-Za-z0-9._:~+/=-]{1,128}$/),
  clientAddress: fc.oneof(fc.ipV4(), fc.ipV6().map(oneSpelling)),
  route: fc.constant('/database/clusters/{clusterId}/vpc-peerings'),
};

const createFacts = fc.record({
  ...common,
  method: fc.constant('POST' as const),
  operation: fc.constant('createVPCPeerings'),
  caller,
  clusterId: fc.constant(clusterId),
  peering: fc.constant({ clusterId, ...allowed }),
});

const listFacts = fc.record({
  ...common,
  method: fc.constant('GET' as const),
  operation: fc.constant('getVPCPeerings'),
  caller,
  clusterId: fc.constant(clusterId),
  page: fc.record({ limit: fc.integer({ min: 1, max: 100 }), offset: fc.nat() }, { requiredKeys: [] }),
});

const decisionOf = (effect: 'allow' | 'deny', violations: readonly Violation[], policyVersion: string) =>
  ({ effect, policyVersion, mode: 'enforce', violations }) as const;

/** As `run-operation.ts` makes them: the upstream's answer, or a problem with what is known of an answer. */
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc
    .record({
      status: fc.integer({ min: 200, max: 599 }),
      requestId: maybe(fc.stringMatching(/^[\x21-\x7e]{1,200}$/)),
      resourceId: maybe(fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/)),
    })
    .map((upstream) => ({ status: upstream.status, sent: 'yes' as const, upstream })),
  fc
    .record({
      code: codes,
      detail: word,
      sent: fc.constantFrom('no', 'maybe', 'yes'),
      status: maybe(fc.integer({ min: 200, max: 999 })),
    })
    .map(({ code, detail, sent, status }) => ({
      status: errorRules[code].status,
      error: { code, detail },
      sent,
      ...(status === undefined ? {} : { upstream: { status } }),
    })),
);

const chain = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
const fits = (event: Parameters<AuditChain['seal']>[0]) => assertAuditRecord(JSON.parse(chain.seal(event)));

test('every intent and every outcome of a create fits the schema', () => {
  fc.assert(
    fc.property(createFacts, hash, outcome, fc.nat(), (known, version, result, now) => {
      const facts: RequestFacts = { ...known, decision: decisionOf('allow', [], version) };
      fits(intentEvent('peering.create.intent', facts, now));
      fits(outcomeEvent('peering.create.outcome', facts, result, now));
    }),
    { numRuns: 500 },
  );
});

test('every outcome of a list fits the schema', () => {
  fc.assert(
    fc.property(listFacts, outcome, fc.nat(), (facts, result, now) => {
      fits(outcomeEvent('peering.list.outcome', facts, result, now));
    }),
    { numRuns: 500 },
  );
});

test('every refusal fits the schema, however far the request had come', () => {
  fc.assert(
    fc.property(createFacts, listFacts, codes, word, fc.nat(3), (create, list, code, detail, depth) => {
      const cut = (facts: RequestFacts): RequestFacts => ({
        ...facts,
        ...(depth < 2 ? { clusterId: undefined, peering: undefined, page: undefined } : {}),
        ...(depth < 1 ? { caller: undefined } : {}),
      });
      fits(refusedEvent('peering.create.refused', cut(create), { code, detail }, 5));
      fits(refusedEvent('peering.list.refused', cut(list), { code, detail }, 5));
    }),
    { numRuns: 500 },
  );
});

test('every refusal by the policy fits the schema', () => {
  const violations = fc.array(violation, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(createFacts, violations, hash, (known, found, version) => {
      const facts = { ...known, decision: decisionOf('deny', found, version) };
      fits(refusedEvent('peering.create.refused', facts, { code: 'policy-denied', detail: 'No.' }, 5));
    }),
  );
});

test('a loaded policy fits the schema, the first one and every later one', () => {
  fc.assert(
    fc.property(maybe(hash), hash, word, (old, next, instance) => {
      fits(policyLoadedEvent({ old, new: next }, instance, 5));
    }),
  );
});

/** As the gateway hands addresses in (RFC 5952). */
function oneSpelling(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
