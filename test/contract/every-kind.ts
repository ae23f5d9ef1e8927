// One audit record of every kind, as the gateway makes them, to be mutated: what a schema refuses is seen only on what it
// would otherwise accept.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { notFound } from '../../sandbox/problems.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { AuditChain } from '../../src/audit/log/chain.ts';
import type { AuditEvent } from '../../src/audit/record/event-form.ts';
import {
  chainStartedEvent,
  checkpointEvent,
  policyRejectedEvent,
  recoveredEvent,
  stoppedEvent,
} from '../../src/audit/record/gateway-events.ts';
import { reconciledEvent } from '../../src/audit/record/reconciled-event.ts';
import { intentEvent } from '../../src/audit/record/request-events.ts';
import type { Decision } from '../../src/policy/engine/decision.ts';
import { factsFromRecord } from '../../src/reconciliation/recorded-request.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import {
  allowed,
  allowedNumber,
  clusterId,
  guardrailsOnly,
  peeringsPath,
  type TestGateway,
} from '../support/gateway.ts';

/** A record of any kind, with what the tests of kinds read besides the members that all tests read. */
export type KindRecord = Omit<AuditRecord, 'http_response' | 'resources'> & {
  readonly authorizations: unknown;
  readonly http_response: AuditRecord['http_response'] & {
    readonly http_headers?: readonly [{ readonly value: string }];
  };
  readonly resources: readonly (AuditRecord['resources'][number] & { readonly type: string })[];
  readonly unmapped: { readonly checkpoint: string; readonly integrity: unknown };
};

/** Any object in a record, to be mutated. */
type RecordPart = Record<string, unknown>;

type PeeringKind =
  | 'got'
  | 'getUnknown'
  | 'deleteIntent'
  | 'deleted'
  | 'deleteDenied'
  | 'deleteUnknown'
  | 'deleteLook';
type SettledKind = 'reconciled' | 'absent' | 'ambiguous';
type SettledDeleteKind = 'deleteFailed' | 'deleteDone';
type LogKind = 'recovered' | 'checkpoint' | 'anew';
type Kind =
  | 'begun'
  | 'started'
  | 'stopped'
  | 'loaded'
  | 'rejected'
  | 'intent'
  | 'created'
  | 'denied'
  | 'unverified'
  | 'list'
  | 'dryRun'
  | 'dryDenied'
  | 'listDenied'
  | 'traced'
  | PeeringKind
  | SettledKind
  | SettledDeleteKind
  | LogKind;

/** For the gateway that `everyKind` is given. */
export const kindsPolicy = `${guardrailsOnly}
grants:
  - { id: payments, callers: [{ claim: sub, equals: svc-payments }], actions: [create, list, delete] }
`;

/** Those of requests are made by the gateway, the others as it makes them. */
export async function everyKind(gateway: TestGateway): Promise<Record<Kind, KindRecord>> {
  const sign = gateway.issuer.sign;
  await gateway.create();
  await gateway.create({ ...allowed, region: 'eu-north-1' });
  await gateway.create(allowed, { authorization: 'Bearer nothing' });
  const listed = { path: `${peeringsPath}?limit=3`, headers: { authorization: `Bearer ${await sign()}` } };
  await gateway.call(listed);
  const headers = { authorization: `Bearer ${await sign()}`, 'content-type': 'application/json' };
  for (const region of ['us-east-1', 'eu-north-1']) {
    const body = JSON.stringify({ ...allowedNumber(1), region });
    await gateway.call({ method: 'POST', path: `${peeringsPath}?dryRun=true`, headers, body });
  }
  const stranger = `Bearer ${await sign({ sub: 'svc-stranger' })}`;
  await gateway.call({ headers: { authorization: stranger } });
  const [begun = '', started = '', loaded = ''] = gateway.output().split('\n');
  const [intent, created, denied, unverified, list, dryRun, dryDenied, listDenied, ...more] =
    gateway.records as KindRecord[];
  assert.deepEqual(more, []);
  const kinds = await ofOnePeering(gateway);
  return {
    ...{ begun: JSON.parse(begun), started: JSON.parse(started), stopped: sealed(stoppedEvent('one', 5)) },
    ...{ loaded: JSON.parse(loaded), rejected: rejectedRecord() },
    ...{ intent, created, denied, unverified, list, dryRun, dryDenied, listDenied },
    ...kinds,
    ...settledRecords(intent as KindRecord),
    ...settledDeletes(kinds.deleteIntent),
    traced: tracedRecord(intent as KindRecord),
    ...logRecords(),
  } as Record<Kind, KindRecord>;
}

/** A single peering and deletes, and what is refused of them before and behind the look. */
async function ofOnePeering(gateway: TestGateway): Promise<Record<PeeringKind, KindRecord>> {
  const before = gateway.records.length;
  const [there, foreign] = [allowed, { ...allowed, accountId: '444455556666' }].map((peering) =>
    gateway.cloud.addPeering(clusterId, peering, 'active'),
  );
  const scope = 'read:database delete:database';
  const headers = { authorization: `Bearer ${await gateway.issuer.sign({ scope })}` };
  const call = (method: 'GET' | 'DELETE', id: string | undefined) =>
    gateway.call({ method, path: `${peeringsPath}/${id}`, headers });
  await call('GET', there);
  await call('GET', randomUUID());
  await call('DELETE', there);
  await call('DELETE', foreign);
  await call('DELETE', randomUUID());
  gateway.cloud.setFault(({ path }) =>
    path.startsWith('/v1') ? (_, response) => sendReply(response, notFound('cluster', clusterId)) : undefined,
  );
  await call('DELETE', there);
  gateway.cloud.setFault(undefined);
  const [got, getUnknown, deleteIntent, deleted, deleteDenied, deleteUnknown, deleteLook, ...more] =
    gateway.records.slice(before) as KindRecord[];
  assert.deepEqual(more, []);
  return { got, getUnknown, deleteIntent, deleted, deleteDenied, deleteUnknown, deleteLook } as Record<
    PeeringKind,
    KindRecord
  >;
}

function sealed(event: AuditEvent): KindRecord {
  return JSON.parse(new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID).append(event));
}

/** As a reload makes it. */
function rejectedRecord(): KindRecord {
  const fault = { file: 'policy.yaml', line: 3, column: 1, member: '/grants', message: 'must not be empty' };
  const versions = { old: 'a'.repeat(64), new: 'b'.repeat(64) };
  return sealed(policyRejectedEvent(versions, [fault], 'one', 5));
}

/** Of the run that made the intent, which knows the decision; and from the intent as it stands in the log. */
function settledRecords(intent: KindRecord): Record<SettledKind, KindRecord> {
  const facts = factsFromRecord(intent);
  assert.ok(facts !== undefined);
  const there = {
    found: true as const,
    resourceId: 'a81069fa-864e-4369-b639-723d3931ba7d',
    peeringStatus: 'active',
  };
  const ambiguous = { ambiguous: [there.resourceId] };
  return {
    reconciled: sealed(
      reconciledEvent(
        { ...facts, decision: intent.unmapped.decision as unknown as Decision },
        there,
        Date.now(),
      ),
    ),
    absent: sealed(reconciledEvent(facts, { found: false }, Date.now())),
    ambiguous: sealed(reconciledEvent(facts, ambiguous, Date.now())),
  };
}

function settledDeletes(intent: KindRecord): Record<SettledDeleteKind, KindRecord> {
  const facts = factsFromRecord(intent);
  assert.ok(facts?.target?.peeringId !== undefined);
  const there = { found: true, resourceId: facts.target.peeringId, peeringStatus: 'active' } as const;
  return {
    deleteFailed: sealed(reconciledEvent(facts, there, Date.now())),
    deleteDone: sealed(reconciledEvent(facts, { found: false }, Date.now())),
  };
}

/** The intent again, as it is with traces on. */
function tracedRecord(intent: KindRecord): KindRecord {
  const facts = factsFromRecord(intent);
  assert.ok(facts !== undefined);
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', startedAt: 5 };
  const decision = intent.unmapped.decision as unknown as Decision;
  return sealed(intentEvent({ ...facts, decision, trace }, Date.now()));
}

function logRecords(): Record<LogKind, KindRecord> {
  const head = { chain: randomUUID(), sequence: 12, fingerprint: 'd'.repeat(64) };
  const torn = { file: 'audit.log.torn-2026-11-22T231532.123Z', bytes: 17, sha256: 'c'.repeat(64) };
  return {
    recovered: sealed(recoveredEvent(torn, 'one', 5)),
    checkpoint: sealed(checkpointEvent('eyJhbGciOiJFZERTQSJ9.e30.AAAA', 'one', 5)),
    anew: sealed(chainStartedEvent({ head, reason: 'not-signed', openIntents: 3 }, 'one', 5)),
  };
}

/** JSON Pointers to every member, with what holds it. */
export function* membersOf(value: unknown, path = ''): Generator<[string, RecordPart, string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const name of Object.keys(value)) {
    yield [`${path}/${name}`, value as RecordPart, name];
    yield* membersOf((value as RecordPart)[name], `${path}/${name}`);
  }
}

export function isRecord(value: unknown): boolean {
  try {
    assertAuditRecord(value);
    return true;
  } catch {
    return false;
  }
}
