// Whatever `src/audit/record/request-events.ts` is given, what it makes of a request fits `openapi/audit-event.schema.json`: the schema promises
// auditors nothing that the code does not keep.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { canonicalJson } from '../../src/audit/record/canonical-json.ts';
import type { AuditEvent } from '../../src/audit/record/event-form.ts';
import { reconciledEvent } from '../../src/audit/record/reconciled-event.ts';
import {
  dryRunEvent,
  intentEvent,
  outcomeEvent,
  refusedEvent,
} from '../../src/audit/record/request-events.ts';
import { factsFromRecord } from '../../src/reconciliation/recorded-request.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import {
  allowing,
  claims,
  codes,
  createFacts,
  deleteFacts,
  denying,
  getFacts,
  listFacts,
  maybe,
  outcome,
  word,
} from './event-arbitraries.ts';

const chain = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
/** The text of a record is written from constant parts; it must be what the generic serializer makes of its value. */
function fits(event: AuditEvent): void {
  const line = chain.append(event);
  assert.equal(canonicalJson(JSON.parse(line)), line);
  assertAuditRecord(JSON.parse(line));
}

test('every intent, every outcome and every dry run of a create fits the schema', () => {
  fc.assert(
    fc.property(createFacts, allowing, claims, outcome, fc.nat(), (known, decision, given, result, now) => {
      const facts: RequestFacts = { ...known, decision, claims: given };
      fits(intentEvent(facts, now));
      fits(outcomeEvent(facts, result, now));
      fits(dryRunEvent({ ...facts, dryRun: true }, now));
    }),
    { numRuns: 500 },
  );
});

test('every outcome of a list fits the schema', () => {
  fc.assert(
    fc.property(listFacts, allowing, claims, outcome, fc.nat(), (known, decision, given, result, now) => {
      fits(outcomeEvent({ ...known, decision, claims: given }, result, now));
    }),
    { numRuns: 500 },
  );
});

test('every answer with a single peering fits the schema', () => {
  const answered = fc.constantFrom(200, 202);
  fc.assert(
    fc.property(getFacts, allowing, claims, answered, fc.nat(), (known, decision, given, status, now) => {
      const facts = { ...known, decision, claims: given };
      const result = { status, sent: 'yes', upstream: { status: 200 } } as const;
      fits(outcomeEvent(facts, result, now));
    }),
  );
});

test('every intent and every outcome of a delete fits the schema', () => {
  fc.assert(
    fc.property(deleteFacts, allowing, claims, outcome, fc.nat(), (known, decision, given, result, now) => {
      const facts: RequestFacts = { ...known, decision, claims: given };
      fits(intentEvent(facts, now));
      // A delete makes nothing, and `forward.ts` looks for nothing.
      const { resourceId: _, ...upstream } = result.upstream ?? { status: 204 };
      const made = result.upstream === undefined ? result : { ...result, upstream };
      fits(outcomeEvent(facts, made, now));
    }),
    { numRuns: 500 },
  );
});

test('every refusal fits the schema, however far the request had come, a dry run or not', () => {
  const depths = fc.nat(3);
  fc.assert(
    fc.property(
      fc.tuple(createFacts, listFacts, getFacts, deleteFacts),
      fc.tuple(maybe(allowing), claims),
      codes,
      word,
      depths,
      fc.boolean(),
      ([create, list, get, remove], [decision, given], code, detail, depth, dryRun) => {
        const cut = (facts: RequestFacts): RequestFacts => ({
          ...facts,
          target: depth < 2 ? undefined : { ...facts.target, ...(depth < 3 ? { existing: undefined } : {}) },
          ...(depth < 1 ? { caller: undefined } : {}),
          ...(depth > 2 && decision !== undefined ? { decision, claims: given } : {}),
        });
        fits(refusedEvent({ ...cut(create), dryRun }, { code, detail }, 5));
        for (const facts of [list, get])
          fits(refusedEvent({ ...cut(facts), dryRun: false }, { code, detail }, 5));
        fits(refusedEvent({ ...cut(remove), dryRun: false }, { code, detail }, 5));
      },
    ),
    { numRuns: 500 },
  );
});

test('every refusal by the policy fits the schema', () => {
  const error = { code: 'policy-denied', detail: 'No.' } as const;
  fc.assert(
    fc.property(
      fc.tuple(createFacts, listFacts, getFacts, deleteFacts),
      denying,
      claims,
      fc.boolean(),
      ([create, list, get, remove], decision, given, dryRun) => {
        const known = { decision, claims: given };
        fits(refusedEvent({ ...create, ...known, dryRun }, error, 5));
        for (const facts of [list, get]) fits(refusedEvent({ ...facts, ...known, dryRun: false }, error, 5));
        // By cluster and action before the look, by the peering behind it.
        for (const facts of [remove, { ...remove, target: { ...remove.target, existing: undefined } }])
          fits(refusedEvent({ ...facts, ...known, dryRun: false }, error, 5));
      },
    ),
  );
});

test('every settlement of a create fits the schema, by the run that left it open and by a later one', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/);
  const settlement = fc.oneof(
    fc.constant({ found: false as const }),
    fc.record({ ambiguous: fc.array(id, { minLength: 1, maxLength: 30 }) }),
    fc.record({
      found: fc.constant(true as const),
      resourceId: id,
      peeringStatus: maybe(fc.constantFrom('initiating-request', 'active', 'deleted', 'a-later-one')),
    }),
  );
  fc.assert(
    fc.property(createFacts, allowing, claims, settlement, fc.nat(), (known, decision, given, found, now) => {
      const facts: RequestFacts = { ...known, decision, claims: given };
      fits(reconciledEvent(facts, found, now));
      const intent = JSON.parse(chain.append(intentEvent(facts, now)));
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

const requestIn = ({ first, second, third }: AuditEvent) => [first, second, third];
