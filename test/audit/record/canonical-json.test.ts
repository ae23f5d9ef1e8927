// A record's line is its canonical form (RFC 8785), whatever is in it, and its fingerprint is what anybody computes from a
// copy of it.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import { canonicalJson } from '../../../src/audit/record/canonical-json.ts';
import { maxRecordBytes } from '../../../src/audit/record/fit-record.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { eventNamed } from '../../support/event-named.ts';

const unitsOf = (name: string): number[] =>
  Array.from({ length: name.length }, (_, index) => name.charCodeAt(index));

/** RFC 8785 section 3.2.3. */
function byUnits([a]: [string, unknown], [b]: [string, unknown]): number {
  const [left, right] = [unitsOf(a), unitsOf(b)];
  const at = left.findIndex((unit, index) => unit !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

/** RFC 8785 by the book, without regard to speed. */
function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(byUnits);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jcs(member)}`).join(',')}}`;
}

const text = fc.string({ unit: 'binary', maxLength: 8 }).map((value) => value.toWellFormed());
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    text,
    fc.maxSafeInteger(),
    fc.boolean(),
    tie('object'),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 5 }),
}));

test('the canonical form is that of RFC 8785', () => {
  fc.assert(fc.property(json.value, (value) => assert.equal(canonicalJson(value), jcs(value))));
  // The example of section 3.2.3.
  const sorted = canonicalJson({ '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 });
  assert.equal(sorted, '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
});

test('members without a value are left out, and what has no canonical form is refused', () => {
  assert.equal(canonicalJson({ a: null, b: undefined, c: [{ d: null }] }), '{"c":[{}]}');
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }])
    assert.throws(() => canonicalJson([bad]), RangeError);
});

test('a line is the canonical form of its record, and holds the fingerprint of the rest', () => {
  const chain = new AuditChain({ version: '1', instance: '"chain_uid":"☃' }, randomUUID);
  fc.assert(
    fc.property(json.object, text, (unmapped, action) => {
      const line = chain.append(eventNamed('x', { action, unmapped }));
      const record = JSON.parse(line) as AuditRecord;
      assert.equal(line, jcs(record));
      const [attestation] = record.attestation_list;
      const { value: fingerprint } = attestation.fingerprint;
      delete (attestation as { fingerprint?: unknown }).fingerprint;
      assert.equal(fingerprint, createHash('sha256').update(jcs(record)).digest('hex'));
    }),
  );
});

const claims = { groups: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(500, 'é')) };
const violations = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ code: 'no_grant', field: '', rule: `grant-${index}`, description: 'x'.repeat(200) },
    allowed: Array(20).fill('y'.repeat(60)),
  }));

/** The record, which is at most 12,000 bytes long, with the identity in it. */
function sealed(unmapped: object): AuditRecord {
  const chain = new AuditChain({ version: '1', instance: 'i' }, randomUUID);
  const line = chain.append(eventNamed('x', { actor: { user: { uid: 's'.repeat(512) } }, unmapped }));
  assert.ok(Buffer.byteLength(line) + 1 <= maxRecordBytes, String(Buffer.byteLength(line)));
  const record = JSON.parse(line) as AuditRecord;
  assert.equal(record.actor.user.uid.length, 512);
  return record;
}

test('a record is at most 12,000 bytes long; what is truncated says so, claims first, identities never', () => {
  const small = sealed({ claims: { sub: 'a' }, decision: { violations: violations(2) } });
  assert.equal(small.metadata.is_truncated, undefined);
  const withoutClaims = sealed({ claims, absentClaims: ['x'], decision: { violations: violations(3) } });
  assert.deepEqual(withoutClaims.unmapped, { decision: { violations: violations(3) } });
  assert.equal(withoutClaims.metadata.is_truncated, true);
  assert.ok((withoutClaims.metadata.untruncated_size ?? 0) > 50_000);
  const withoutAllowed = sealed({ claims, decision: { violations: violations(20) } });
  assert.equal(withoutAllowed.unmapped.decision.violations.length, 20);
  assert.equal(withoutAllowed.unmapped.decision.violations[0]?.allowed, undefined);
  const few = sealed({ claims, decision: { violations: violations(60) } });
  assert.equal(few.unmapped.decision.violations.length, 20);
  const faults = Array.from({ length: 20 }, () => ({ message: 'm'.repeat(2000) }));
  const rejected = sealed({ policy: { faultCount: 20, faults } });
  assert.deepEqual(
    rejected.unmapped.policy.faults,
    faults.map(() => ({ message: 'm'.repeat(170) })),
  );
});
