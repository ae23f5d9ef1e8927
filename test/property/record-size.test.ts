// However long the values of an event are, and whatever is in them, its record has at most 12,000 bytes and fits
// `openapi/audit-event.schema.json`; none is lost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../src/audit/log/chain.ts';
import type { AuditEvent } from '../../src/audit/record/event-form.ts';
import { maxRecordBytes } from '../../src/audit/record/fit-record.ts';
import {
  chainStartedEvent,
  checkpointEvent,
  policyLoadedEvent,
  policyRejectedEvent,
  recoveredEvent,
  startedEvent,
  stoppedEvent,
} from '../../src/audit/record/gateway-events.ts';
import { reconciledEvent } from '../../src/audit/record/reconciled-event.ts';
import {
  dryRunEvent,
  intentEvent,
  outcomeEvent,
  refusedByUpstreamEvent,
  refusedEvent,
  replayedEvent,
  snapshotEvent,
} from '../../src/audit/record/request-events.ts';
import { listFleet } from '../../src/operations/list-fleet/list-fleet.ts';
import type { Decision, Violation } from '../../src/policy/engine/decision.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import { createFacts, deleteFacts, getFacts, listFacts, maybe } from '../contract/event-arbitraries.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';

/** Characters that take from one to six bytes in JSON, and half of one, which JSON cannot have. */
const units = ['a', '"', '\\', '\n', '\u0001', '\u0085', 'é', '€', '😀', '\ud800'];
const lengths = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(2000, 12_000));
const textOf = (length: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.constantFrom(...units), fc.constantFrom(...units), length)
    .map(([one, other, count]) => `${one}${other}`.repeat(count / 2 + 1));
const hostile = textOf(lengths);
/** What a policy or a record in the log is checked for. */
const wellFormed = hostile.map((text) => text.toWellFormed());
/** A host's own name, as long as a kernel lets it be. */
const instance = textOf(fc.constantFrom(1, 64));
const id = fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/);
const longest = fc.constantFrom(1, 128).map((length) => 'x'.repeat(length));

const violation: fc.Arbitrary<Violation> = fc.record({
  code: fc.constant('region_not_allowed' as const),
  field: fc.constantFrom('', '/region'),
  rule: wellFormed,
  description: wellFormed,
  allowed: fc.array(wellFormed, { maxLength: 3 }),
});

const decision = (effect: 'allow' | 'deny'): fc.Arbitrary<Decision> =>
  fc.record({
    effect: fc.constant(effect),
    policyVersion: fc.constant('a'.repeat(64)),
    mode: fc.constant('report' as const),
    grant: fc.constant(null),
    exceptions: fc.nat(20).map((count) => Array.from({ length: count }, (_, at) => `${at}`.padEnd(100, 'e'))),
    violations: fc.array(violation, { minLength: 1, maxLength: 40 }),
  });

const caller = fc.record({
  issuer: hostile,
  subject: hostile,
  clientId: maybe(hostile),
  tokenId: maybe(hostile),
  withoutScopes: fc.boolean(),
});
const more = fc.record({ caller, decision: decision('allow'), claims: maybe(fc.constant({ sub: null })) });
const detail = hostile;
const requestId = fc.stringMatching(/^[\x21-\x7e]{1,200}$/);

/** The record of the event. */
function written(event: AuditEvent, instanceName = 'one'): AuditRecord {
  const line = new AuditChain({ version: '1.2.3', instance: instanceName }, randomUUID).append(event);
  const record = JSON.parse(line) as AuditRecord;
  assert.ok(Buffer.byteLength(line) + 1 <= maxRecordBytes, `${Buffer.byteLength(line)} bytes`);
  assertAuditRecord(record);
  return record;
}

/** A record takes milliseconds to be held against the schema. */
const parameters = { numRuns: 25 };

test('a record of a create is never too long', () => {
  fc.assert(
    fc.property(
      fc.tuple(createFacts, more, decision('deny')),
      fc.tuple(detail, requestId, maybe(id)),
      ([known, facts, denied], [said, upstreamId, resourceId]) => {
        const request: RequestFacts = { ...known, ...facts };
        written(intentEvent(request, 5));
        written(dryRunEvent({ ...request, dryRun: true }, 5));
        written(refusedEvent({ ...request, decision: denied }, { code: 'policy-denied', detail: said }, 5));
        written(refusedEvent(request, { code: 'vpc-peered-already', detail: said }, 5));
        written(refusedByUpstreamEvent(request, { status: 404, requestId: upstreamId }, 5));
        const upstream = { status: 201, requestId: upstreamId, resourceId };
        written(outcomeEvent(request, { status: 201, sent: 'yes', upstream }, 5));
        const error = { code: 'upstream-broken', detail: said } as const;
        written(outcomeEvent(request, { status: 502, sent: 'yes', error }, 5));
        const replayed = { status: 201, first: randomUUID(), resourceId: resourceId ?? 'x' };
        written(replayedEvent(request, replayed, 5));
      },
    ),
    parameters,
  );
});

test('a record of a read or a delete is never too long', () => {
  fc.assert(
    fc.property(
      fc.tuple(listFacts, getFacts, deleteFacts, more, detail),
      ([list, get, remove, facts, said]) => {
        for (const known of [list, get]) {
          const request: RequestFacts = { ...known, ...facts };
          written(refusedEvent(request, { code: 'internal', detail: said }, 5));
          written(outcomeEvent(request, { status: 200, sent: 'yes', upstream: { status: 200 } }, 5));
        }
        const request: RequestFacts = { ...remove, ...facts };
        written(intentEvent(request, 5));
        written(refusedEvent(request, { code: 'internal', detail: said }, 5));
        written(outcomeEvent(request, { status: 204, sent: 'yes', upstream: { status: 204 } }, 5));
      },
    ),
    parameters,
  );
});

test('a record of what the gateway answers from its snapshot is never too long', () => {
  fc.assert(
    fc.property(listFacts, more, (known, facts) => {
      const filter = { finding: 'f'.repeat(40), status: 's'.repeat(83) };
      written(snapshotEvent({ ...known, ...facts, operation: listFleet, target: { filter } }, 5));
    }),
    parameters,
  );
});

test('a record of a settled change is never too long', () => {
  fc.assert(
    fc.property(
      createFacts,
      deleteFacts,
      more,
      fc.array(longest, { minLength: 1, maxLength: 60 }),
      (...given) => {
        const [create, remove, facts, ambiguous] = given;
        const found = { found: true, resourceId: 'x'.repeat(128), peeringStatus: 's'.repeat(64) } as const;
        for (const settlement of [found, { found: false as const }, { ambiguous }])
          written(reconciledEvent({ ...create, ...facts }, settlement, 5));
        for (const settlement of [found, { found: false as const }])
          written(reconciledEvent({ ...remove, ...facts }, settlement, 5));
      },
    ),
    parameters,
  );
});

test('a record about the gateway itself is never too long', () => {
  const fault = fc.record({
    file: wellFormed,
    line: fc.integer({ min: 1 }),
    column: fc.integer({ min: 1 }),
    member: hostile.map((text) => `/${text}`),
    message: hostile,
  });
  const versions = { old: 'a'.repeat(64), new: 'b'.repeat(64) };
  fc.assert(
    fc.property(fc.array(fault, { minLength: 1, maxLength: 40 }), instance, (faults, name) => {
      const host = name.toWellFormed();
      written(policyRejectedEvent(versions, faults, host, 5), host);
      written(policyLoadedEvent(versions, host, 5), host);
      for (const event of [startedEvent, stoppedEvent]) written(event(host, 5), host);
      const head = { chain: randomUUID(), sequence: 1, fingerprint: 'c'.repeat(64) };
      written(chainStartedEvent({ head, reason: 'not-signed', openIntents: 3 }, host, 5), host);
      const file = `${'\u0001'.repeat(200)}.torn-2026-11-22T231532.123Z`;
      written(recoveredEvent({ file, bytes: 17, sha256: 'd'.repeat(64) }, host, 5), host);
      // As long as the signature of an RSA key of 16,384 bits makes it.
      written(checkpointEvent(`e30.${'A'.repeat(400)}.${'A'.repeat(2731)}`, host, 5), host);
    }),
    parameters,
  );
});

test('what a token may name its caller by is recorded whole, whatever else the record has', () => {
  const names = fc.constantFrom('"', '\\', 'é', '😀', 'a').map((unit) => {
    const count = Math.floor(512 / Buffer.byteLength(unit));
    return unit.repeat(count);
  });
  const issuer = fc.constant('https://idp.example/'.padEnd(512, 'x'));
  const named = fc.record({ issuer, subject: names, clientId: names, tokenId: names });
  fc.assert(
    fc.property(createFacts, named, decision('deny'), detail, (known, given, denied, said) => {
      const request: RequestFacts = { ...known, caller: given, decision: denied };
      const { actor, api } = written(refusedEvent(request, { code: 'policy-denied', detail: said }, 5));
      assert.equal(actor.user.uid, given.subject);
      assert.deepEqual([actor.app_uid, actor.idp.name], [given.clientId, given.issuer]);
      assert.deepEqual(api.token, { uid: given.tokenId });
    }),
    parameters,
  );
});
