// Whatever `src/audit/record/gateway-events.ts` is given, what it makes fits `openapi/audit-event.schema.json`.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { exportJWK, generateKeyPair } from 'jose';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { signCheckpoint } from '../../src/audit/log/checkpoint.ts';
import { toSigningKey } from '../../src/audit/log/signing-key.ts';
import {
  checkpointEvent,
  policyLoadedEvent,
  policyRejectedEvent,
  recoveredEvent,
} from '../../src/audit/record/gateway-events.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const word = fc.string({ minLength: 1, unit: 'grapheme' });
const chain = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
const fits = (event: Parameters<AuditChain['append']>[0]) =>
  assertAuditRecord(JSON.parse(chain.append(event)));

test('a rejected policy fits the schema, with any number of faults, and when it could not be read', () => {
  const fault = fc.record({
    file: word,
    line: fc.integer({ min: 1 }),
    column: fc.integer({ min: 1 }),
    member: fc.constantFrom('', '/grants/0/id'),
    message: word,
  });
  fc.assert(
    fc.property(
      hash,
      fc.option(hash),
      fc.array(fault, { minLength: 1, maxLength: 30 }),
      word,
      (old, next, found, instance) => {
        const line = chain.append(policyRejectedEvent({ old, new: next }, found, instance, 5));
        assert.equal(JSON.parse(line).unmapped.policy.faultCount, found.length);
        assertAuditRecord(JSON.parse(line));
      },
    ),
  );
});

test('a loaded policy fits the schema, the first one and every later one', () => {
  fc.assert(
    fc.property(fc.option(hash, { nil: undefined }), hash, word, (old, next, instance) => {
      fits(policyLoadedEvent({ old, new: next }, instance, 5));
    }),
  );
});

test('every checkpoint fits the schema, by a key of any kind that signs', async () => {
  for (const [algorithm, options] of [
    ['ES256', {}],
    ['ES512', {}],
    ['EdDSA', { crv: 'Ed25519' }],
    ['PS256', { modulusLength: 2048 }],
  ] as const) {
    const { privateKey } = await generateKeyPair(algorithm, { ...options, extractable: true });
    const key = await toSigningKey(await exportJWK(privateKey));
    const head = { chain: randomUUID(), sequence: 1000, fingerprint: 'a'.repeat(64), time: Date.now() };
    fits(checkpointEvent(signCheckpoint(head, key), 'one', 5));
  }
});

test('what says that a torn line was set aside fits the schema', () => {
  const time = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(name, time, fc.integer({ min: 1 }), hash, word, (log, at, bytes, sha256, instance) => {
      const file = `${log}.torn-${at.toISOString().replaceAll(':', '')}`;
      fits(recoveredEvent({ file, bytes, sha256 }, instance, 5));
    }),
  );
});
