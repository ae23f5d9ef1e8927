// Everything that an audit record of a request can be made from, as the gateway hands it in.
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import type { Outcome } from '../../src/audit/record/request-events.ts';
import { type ErrorCode, errorRules } from '../../src/errors.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { deletePeering } from '../../src/operations/delete-peering/delete-peering.ts';
import { getPeering } from '../../src/operations/get-peering/get-peering.ts';
import { listPeerings } from '../../src/operations/list-peerings/list-peerings.ts';
import { type Decision, type Violation, violationCodes } from '../../src/policy/engine/decision.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { neverOutcomes } from './code-operations.ts';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
export const word = fc.string({ minLength: 1, unit: 'grapheme' });
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** All but those that need the decision and never have an outcome, which have their own tests. */
export const codes = fc.constantFrom(
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
};

/** As `recorded-claims.ts` cuts them. */
export const claims = maybe(
  fc.dictionary(
    fc.string({ minLength: 1, maxLength: 200 }),
    fc.oneof(
      fc.string({ maxLength: 500 }),
      fc.maxSafeInteger(),
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
export const allowing: fc.Arbitrary<Decision> = fc.oneof(
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
export const denying: fc.Arbitrary<Decision> = fc.record({
  effect: fc.constant('deny' as const),
  policyVersion: hash,
  mode,
  grant: fc.constant(null),
  exceptions,
  violations: someViolations,
});

export const createFacts = fc.record({
  ...common,
  operation: fc.constant(createPeering),
  caller,
  target: fc.constant({ clusterId, peering: { clusterId, ...allowed } }),
});

export const listFacts = fc.record({
  ...common,
  operation: fc.constant(listPeerings),
  caller,
  target: fc.record({
    clusterId: fc.constant(clusterId),
    page: fc.record({ limit: fc.integer({ min: 1, max: 100 }), offset: fc.nat() }, { requiredKeys: [] }),
  }),
});

export const getFacts = fc.record({
  ...common,
  operation: fc.constant(getPeering),
  caller,
  target: fc.record({ clusterId: fc.constant(clusterId), peeringId: fc.uuid() }),
});

/** As `listed-place.ts` reads them. */
const place = fc.record(
  {
    vpcId: fc.stringMatching(/^vpc-[0-9a-f]{17}$/),
    cidrBlock: fc.constantFrom('10.20.4.0/22', '999.1.1.1/99'),
    accountId: fc.stringMatching(/^\d{12}$/),
    region: fc.constantFrom('us-east-1', 'us-gov-west-1'),
  },
  { requiredKeys: ['accountId', 'region'] },
);

export const deleteFacts = fc.record({
  ...common,
  operation: fc.constant(deletePeering),
  caller,
  target: fc.record({ clusterId: fc.constant(clusterId), peeringId: fc.uuid(), existing: place }),
});

/** As `forward.ts` makes them: the upstream's answer, or a problem with what is known of an answer. */
export const outcome: fc.Arbitrary<Outcome> = fc.oneof(
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

/** As the gateway hands addresses in (RFC 5952). */
function oneSpelling(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
