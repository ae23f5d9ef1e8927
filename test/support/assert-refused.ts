// What every refusal has in common, asserted in one place: the problem document, the headers that say who answered,
// nothing sent upstream, and exactly the audit records that there should be.

import assert from 'node:assert/strict';
import type { AuditRecord } from './audit-record.ts';
import type { Reply, TestGateway } from './gateway.ts';

export interface Refusal {
  readonly status: number;
  /** The problem type after `urn:aerospike:errors:`. */
  readonly type: string;
  /** `status_code` of the one audit record; `undefined` when the refusal is only logged. */
  readonly recorded: string | undefined;
  /** Which operation the record is about. */
  readonly operation?: 'create' | 'list' | 'delete';
  /** `sub` of the caller in the record; `undefined` when the token did not verify. */
  readonly subject?: string;
  readonly proxyError?: string;
  /** `BASE_PATH`, under which the page about errors is. */
  readonly basePath?: string;
}

/** `Proxy-Status` of a refusal. `error`: RFC 9209 error type, and what follows `details`, such as `received-status`. */
export function proxyStatusOf(error: string, code: string): string {
  const [type, ...rest] = error.split('; ');
  return ['peergate', `error=${type}`, `details="${code}"`, ...rest].join('; ');
}

/** Does `act` and asserts that it was refused like this, and that it left nothing else behind. */
export async function assertRefused(
  gateway: TestGateway,
  act: () => Promise<Reply>,
  refusal: Refusal,
): Promise<Reply> {
  const before = {
    records: gateway.records.length,
    requests: gateway.cloud.requests.length,
    connections: gateway.cloud.connections,
  };
  const reply = await act();
  assertProblem(reply, refusal);
  assert.equal(gateway.cloud.requests.length, before.requests, 'nothing is sent upstream');
  assert.equal(gateway.cloud.connections, before.connections, 'no connection is opened upstream');
  const records = gateway.records.slice(before.records);
  assert.equal(records.length, refusal.recorded === undefined ? 0 : 1, 'the number of records');
  for (const record of records) assertRecord(record, refusal, reply);
  return reply;
}

export function assertProblem(reply: Reply, refusal: Omit<Refusal, 'recorded'>): void {
  const { status, type, proxyError, basePath = '' } = refusal;
  const { json, headers } = reply;
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.equal(reply.status, status, reply.text);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.ok(Number.isFinite(Date.parse(String(headers['date']))), 'RFC 9110 section 6.6.1');
  assert.equal(headers['proxy-status'], proxyStatusOf(proxyError ?? 'http_request_denied', json.code));
  assert.equal(headers['link'], `<${basePath}/docs/errors#${json.code}>; rel="help"`);
  assert.match(String(headers['x-gateway-request-id']), uuid);
  assert.equal(json.type, `urn:aerospike:errors:${type}`);
  assert.equal(json.status, status);
  assert.equal(json.instance, `urn:uuid:${headers['x-gateway-request-id']}`);
  assert.notEqual(json.detail, '');
  assert.equal(json.message, json.detail);
  assert.equal(typeof json.title, 'string');
}

function assertRecord(record: AuditRecord, refusal: Refusal, reply: Reply): void {
  assert.equal(record.metadata.event_code, `peering.${refusal.operation ?? 'create'}.refused`);
  assert.equal(record.status_code, refusal.recorded);
  assert.equal(record.status_id, 2);
  assert.equal(record.action, 'Denied');
  assert.equal(record.http_response.code, refusal.status);
  assert.equal(record.unmapped.upstream.sent, 'no');
  assert.equal(record.api.request.uid, reply.headers['x-gateway-request-id']);
  assert.equal(record.actor.user.uid, refusal.subject);
  if (refusal.subject === undefined) {
    assert.deepEqual(record.actor, { user: { name: 'unverified', type_id: 0, type: 'Unknown' } });
    assert.equal(record.api.token, undefined);
  }
}
