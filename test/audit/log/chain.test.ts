// The chain of records: numbered from 1, each fingerprinted in canonical form and referring to the one before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { eventNamed } from '../../support/event-named.ts';
import { assertChain } from './faulty-sink.ts';

const reporter = { version: '1.2.3', instance: 'gateway-7' };

function makeLines(count: number): string[] {
  let id = 0;
  const chain = new AuditChain(reporter, () => `id-${++id}`);
  return Array.from({ length: count }, (_, index) =>
    chain.append(
      eventNamed('x', { type_uid: 600301, note: `line ${index} – ☃ \u2028 "quoted"\n`, unmapped: { index } }),
    ),
  );
}

test('the first record has sequence 1 and refers to none', () => {
  const { metadata, attestation_list } = JSON.parse(makeLines(1)[0] ?? '') as AuditRecord;
  assert.equal(metadata.sequence, 1);
  assert.equal(attestation_list[0].prev_event, undefined);
});

test('every record refers to the one before by id, type and fingerprint', () => {
  const lines = makeLines(20);
  assertChain(lines);
  const [before, last] = lines.slice(-2).map((line) => JSON.parse(line)) as [AuditRecord, AuditRecord];
  const { fingerprint } = before.attestation_list[0];
  assert.match(fingerprint.value, /^[0-9a-f]{64}$/);
  assert.deepEqual(last.attestation_list[0].prev_event, {
    fingerprint,
    type_uid: before.type_uid,
    uid: before.metadata.uid,
  });
});

test('a record is one line, whatever is in it', () => {
  for (const line of makeLines(3)) assert.equal(/[\r\n]/.test(line), false);
});

test('a line that was changed, left out, doubled or moved breaks the chain', () => {
  const lines = makeLines(6);
  const [first, second, third, ...rest] = lines as [string, string, string, ...string[]];
  const changed = [first, second.replace('line 1', 'line 7'), third, ...rest];
  const leftOut = [first, third, ...rest];
  const doubled = [first, second, second, third, ...rest];
  const moved = [first, third, second, ...rest];
  const beheaded = [second, third, ...rest];
  for (const forged of [changed, leftOut, doubled, moved, beheaded]) assert.throws(() => assertChain(forged));
});

test('records say who wrote them, and an event cannot claim a place in the chain by itself', () => {
  const chain = new AuditChain(reporter, () => 'the-id');
  const forged = eventNamed('x', {
    metadata: { event_code: 'y', sequence: 99, uid: 'mine' },
    attestation_list: [{ chain_uid: 'mine' }, {}],
  });
  const { metadata, attestation_list } = JSON.parse(chain.append(forged)) as AuditRecord;
  assert.deepEqual(metadata, {
    event_code: 'x',
    version: '1.9.0',
    profiles: ['security_control', 'record_integrity'],
    product: { name: 'peergate', vendor_name: 'peergate', version: '1.2.3' },
    uid: 'the-id',
    sequence: 1,
    reporter: { uid: 'gateway-7' },
  });
  const [{ fingerprint, ...rest }, ...more] = attestation_list;
  assert.deepEqual(rest, { authority_uid: 'gateway-7', chain_uid: 'the-id' });
  assert.deepEqual(
    { ...fingerprint, value: '' },
    { algorithm_id: 3, encoding_id: 1, serialization_id: 2, value: '' },
  );
  assert.deepEqual(more, []);
});

test('a line with its newline never has more than 12,000 bytes, and uses all of them before it is cut', () => {
  const chain = new AuditChain(reporter, () => 'the-id');
  const sizes = Array.from({ length: 2000 }, (_, index) => {
    const line = chain.append(eventNamed('x', { unmapped: { claims: { a: 'x'.repeat(10_000 + index) } } }));
    return Buffer.byteLength(line) + 1;
  });
  assert.equal(Math.max(...sizes), 12_000);
});
