// What a request looks like from every side that is refused because Aerospike Cloud keeps failing.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { Reply, TestGateway } from '../support/gateway.ts';
import { assertNothingLeaks, createsOf } from './misbehave.ts';

/** Failures in a row after which requests are refused, and for how long. */
export const failuresInARow = 10;
export const pauseMs = 5000;

export const list = async (gateway: TestGateway): Promise<Reply> =>
  gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign()}` } });

/** Creates get this answer from now on; nothing else does. */
export function breakCreates(gateway: TestGateway, listener: RequestListener | undefined): void {
  gateway.cloud.setFault(({ method, path }) =>
    method === 'POST' && path.startsWith('/v1/') ? listener : undefined,
  );
}

/** So many creates, one after the other; none of them is refused because of the others. */
export async function fail(gateway: TestGateway, times = failuresInARow): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const { status, headers } = await gateway.create();
    assert.ok(status >= 500, `${status}`);
    assert.doesNotMatch(String(headers['proxy-status']), /destination_unavailable/);
  }
}

export function assertCircuitOpen(answer: Reply, seconds: number): void {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=destination_unavailable; details="circuit-open"',
  );
  assert.equal(answer.headers['retry-after'], String(seconds));
  assert.equal(answer.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.deepEqual(answer.json.context, { sent: 'no' });
}

/** A create is refused, nothing is sent, and its two records say so. */
export async function assertCreateCircuitOpen(gateway: TestGateway, seconds = pauseMs / 1000): Promise<void> {
  const before = createsOf(gateway).length;
  const answer = await gateway.create();
  assertCircuitOpen(answer, seconds);
  assert.equal(createsOf(gateway).length, before, 'nothing is sent');
  const id = answer.headers['x-gateway-request-id'];
  const records = gateway.records.filter(({ api }) => api.request.uid === id);
  assert.deepEqual(
    records.map(({ metadata }) => metadata.event_code),
    ['peering.create.intent', 'peering.create.outcome'],
  );
  const outcome = records[1];
  assert.equal(outcome?.status_id, 2, 'it certainly was not carried out');
  assert.equal(outcome?.status_code, 'circuit-open');
  assert.equal(outcome?.http_response.code, 503);
  assert.deepEqual(outcome?.unmapped.upstream, { sent: 'no' });
  assertNothingLeaks(gateway, answer);
}
