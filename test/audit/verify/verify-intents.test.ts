// Every approved create has its end in the log, or is listed as open until somebody has looked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../../../src/audit/record/event-form.ts';
import { reconciledEvent } from '../../../src/audit/record/reconciled-event.ts';
import { intentEvent, outcomeEvent } from '../../../src/audit/record/request-events.ts';
import { createPeering } from '../../../src/operations/create-peering/create-peering.ts';
import type { RequestFacts } from '../../../src/request/request.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { findingsIn, makeLog, plainEvent, startOfTime, verify } from './chained-log.ts';

const facts = (id: string): RequestFacts => ({
  startedAt: startOfTime,
  gatewayRequestId: id,
  requestId: id,
  clientAddress: '192.0.2.1',
  operation: createPeering,
  caller: { issuer: 'https://idp.example', subject: 'svc-payments', clientId: undefined, tokenId: undefined },
  target: { clusterId, peering: { clusterId, ...allowed } },
});
const intent = (id: string): AuditEvent => intentEvent(facts(id), startOfTime);
const outcome = (id: string, status: number): AuditEvent => {
  const upstream = { status };
  return outcomeEvent(facts(id), { status, sent: 'yes', upstream }, startOfTime);
};
/** After a 5xx nobody can know. */
const unknown = (id: string): AuditEvent => outcome(id, 503);
const reconciled = (id: string, found: boolean): AuditEvent =>
  reconciledEvent(facts(id), found ? { found, resourceId: `p-${id}` } : { found }, startOfTime);

/** Line, request id and what is known of the outcome, of each open intent. */
async function openIn(events: readonly AuditEvent[]) {
  const { openIntents } = await verify(makeLog(events));
  return openIntents.map(({ line, outcome: known, record }) => {
    const { request } = record['api'] as { request: { uid: string } };
    return `${line} ${request.uid} ${known}`;
  });
}

test('an intent with an outcome is closed, whether the upstream made it or refused it', async () => {
  assert.deepEqual(await openIn([intent('a'), outcome('a', 201), intent('b'), outcome('b', 409)]), []);
});

test('intents without an outcome are listed in the order of the log', async () => {
  const events = [intent('a'), intent('b'), plainEvent(startOfTime), intent('c'), outcome('b', 201)];
  assert.deepEqual(await openIn(events), ['1 a none', '4 c none']);
});

test('an outcome that nobody can know leaves its intent open until it is reconciled', async () => {
  const open = [intent('a'), unknown('a')];
  assert.deepEqual(await openIn(open), ['1 a unknown']);
  for (const found of [true, false]) assert.deepEqual(await openIn([...open, reconciled('a', found)]), []);
  assert.deepEqual(await openIn([intent('b'), reconciled('b', true)]), []);
});

test('an open intent is told with the request, the caller and the time of its record, and nothing else of it', async () => {
  const { openIntents } = await verify(makeLog([intent('a')]));
  const { request } = JSON.parse(makeLog([intent('a')])[0] ?? '').api;
  assert.deepEqual(openIntents[0]?.record, {
    time: startOfTime,
    status_id: 99,
    metadata: { event_code: 'peering.create.intent' },
    actor: { user: { uid: 'svc-payments' } },
    api: { request },
  });
});

test('an intent may be closed in a later file', async () => {
  const log = makeLog([intent('a'), outcome('a', 201)]);
  const { openIntents } = await verify({ a: log.slice(0, 1), b: log.slice(1) });
  assert.deepEqual(openIntents, []);
});

test('a copy of an intent behind its outcome opens nothing, and an outcome by itself closes nothing else', async () => {
  const log = makeLog([intent('a'), outcome('a', 201), intent('b'), outcome('c', 201)]);
  const { openIntents } = await verify([...log, log[0] as string]);
  assert.deepEqual(
    openIntents.map(({ line }) => line),
    [3],
  );
  assert.deepEqual(await findingsIn([...log, log[0] as string]), ['duplicated 5 #1']);
});
