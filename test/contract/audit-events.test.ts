// Whatever `src/audit/event.ts` is given, what it makes of a request fits `openapi/audit-event.schema.json`: the schema promises
// auditors nothing that the code does not keep.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../src/audit/chain.ts';
import {
  dryRunEvent,
  intentEvent,
  type Outcome,
  outcomeEvent,
  type RequestFacts,
  reconciledEvent,
  refusedEvent,
} from '../../src/audit/event.ts';
import { factsFromRecord } from '../../src/audit/recorded-request.ts';
import { type ErrorCode, errorRules } from '../../src/errors.ts';
import { type Decision, type Violation, violationCodes } from '../../src/policy/decision.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { neverOutcomes } from './code-operations.ts';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const word = fc.string({ minLength: 1, unit: 'grapheme' });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** All but those that need the decision and never have an outcome, which have their own tests. */
const codes = fc.constantFrom(
  ...(Object.keys(errorRules) as ErrorCode[]).filter(
    (code) => code !== 'policy-denied' && !neverOutcomes.includes(code),
  ),
);

const caller = fc.record({
  issuer: fc.webUrl(),
  subject: word,
  clientId: maybe(word),
  tokenId: maybe(word),
  scopes: fc.constant(new Set<string>()),
  claims: fc.constant({ secret: 'eyJhbGciOi' }),
});

const violation: fc.Arbitrary<Violation> = fc.record({
  code: fc.constantFrom(...violationCodes),
  field: fc.constantFrom('', '/clusterId', '/accountId', '/cidrBlock', '/isSecureConnection'),
  rule: word,
  description: word,
  allowed: fc.oneof(
    fc.array(fc.string(), { maxLength: 20 }),
    fc.constant([true]),
    fc.record(
      { min: fc.nat(32), max: fc.nat(32), nearest: fc.constant('10.20.4.0/22') },
      { requiredKeys: ['min', 'max'] },
    ),
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

/** As `recorded-claims.ts` cuts them. */
const claims = maybe(
  fc.dictionary(
    fc.string({ minLength: 1, maxLength: 200 }),
    fc.oneof(
      fc.string({ maxLength: 500 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string({ maxLength: 500 }), { maxLength: 100 }),
    ),
    { minKeys: 1, maxKeys: 5 },
  ),
);

const ruleId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/);
const exceptions = fc.uniqueArray(ruleId, { maxLength: 3 });
const someViolations = fc.array(violation, { minLength: 1, maxLength: 6 });
const mode = fc.constantFrom('enforce' as const, 'report' as const);

/** What lets a request pass: nothing against it, or report mode. */
const allowing: fc.Arbitrary<Decision> = fc.oneof(
  fc.record({
    effect: fc.constant('allow' as const),
    policyVersion: hash,
    mode,
    grant: fc.option(ruleId),
    exceptions,
    violations: fc.constant([]),
  }),
  fc.record({
    effect: fc.constant('allow' as const),
    policyVersion: hash,
    mode: fc.constant('report' as const),
    grant: fc.constant(null),
    exceptions,
    violations: someViolations,
  }),
);

/** In report mode, too: a block that is none is refused. */
const denying: fc.Arbitrary<Decision> = fc.record({
  effect: fc.constant('deny' as const),
  policyVersion: hash,
  mode,
  grant: fc.constant(null),
  exceptions,
  violations: someViolations,
});

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

test('every intent, every outcome and every dry run of a create fits the schema', () => {
  fc.assert(
    fc.property(createFacts, allowing, claims, outcome, fc.nat(), (known, decision, given, result, now) => {
      const facts: RequestFacts = { ...known, decision, claims: given };
      fits(intentEvent('peering.create.intent', facts, now));
      fits(outcomeEvent('peering.create.outcome', facts, result, now));
      fits(dryRunEvent({ ...facts, dryRun: true }, now));
    }),
    { numRuns: 500 },
  );
});

test('every outcome of a list fits the schema', () => {
  fc.assert(
    fc.property(listFacts, allowing, claims, outcome, fc.nat(), (known, decision, given, result, now) => {
      fits(outcomeEvent('peering.list.outcome', { ...known, decision, claims: given }, result, now));
    }),
    { numRuns: 500 },
  );
});

test('every refusal fits the schema, however far the request had come, a dry run or not', () => {
  const depths = fc.nat(3);
  fc.assert(
    fc.property(
      fc.tuple(createFacts, listFacts),
      fc.tuple(maybe(allowing), claims),
      codes,
      word,
      depths,
      fc.boolean(),
      ([create, list], [decision, given], code, detail, depth, dryRun) => {
        const cut = (facts: RequestFacts): RequestFacts => ({
          ...facts,
          ...(depth < 2 ? { clusterId: undefined, peering: undefined, page: undefined } : {}),
          ...(depth < 1 ? { caller: undefined } : {}),
          ...(depth > 2 && decision !== undefined ? { decision, claims: given } : {}),
        });
        fits(refusedEvent('peering.create.refused', { ...cut(create), dryRun }, { code, detail }, 5));
        fits(refusedEvent('peering.list.refused', { ...cut(list), dryRun: false }, { code, detail }, 5));
      },
    ),
    { numRuns: 500 },
  );
});

test('every refusal by the policy fits the schema', () => {
  const error = { code: 'policy-denied', detail: 'No.' } as const;
  fc.assert(
    fc.property(
      fc.tuple(createFacts, listFacts),
      denying,
      claims,
      fc.boolean(),
      ([create, list], decision, given, dryRun) => {
        const known = { decision, claims: given };
        fits(refusedEvent('peering.create.refused', { ...create, ...known, dryRun }, error, 5));
        fits(refusedEvent('peering.list.refused', { ...list, ...known, dryRun: false }, error, 5));
      },
    ),
  );
});

test('every settlement of a create fits the schema, by the run that left it open and by a later one', () => {
  const settlement = fc.oneof(
    fc.constant({ found: false }),
    fc.record({
      found: fc.constant(true),
      resourceId: fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
      peeringStatus: maybe(fc.constantFrom('initiating-request', 'active', 'deleted', 'a-later-one')),
    }),
  );
  fc.assert(
    fc.property(createFacts, allowing, claims, settlement, fc.nat(), (known, decision, given, found, now) => {
      const facts: RequestFacts = { ...known, decision, claims: given };
      fits(reconciledEvent(facts, found, now));
      const intent = JSON.parse(chain.seal(intentEvent('peering.create.intent', facts, now)));
      assertAuditRecord(intent);
      const readBack = factsFromRecord(intent);
      assert.ok(readBack !== undefined);
      fits(reconciledEvent(readBack, found, now));
      const { decision: _, claims: __, ...others } = facts;
      assert.deepEqual(
        requestIn(reconciledEvent(readBack, found, now)),
        requestIn(reconciledEvent(others, found, now)),
      );
    }),
    { numRuns: 500 },
  );
});

/** As it reads in the log, where a member without a value is none. */
const requestIn = (event: object): unknown => JSON.parse(JSON.stringify(event));

/** As the gateway hands addresses in (RFC 5952). */
function oneSpelling(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
