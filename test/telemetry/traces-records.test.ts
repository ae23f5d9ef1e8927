// With traces on, log lines and audit records name the trace of their request; without, nothing anywhere does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { put, remove } from '../support/call-peering.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { breakApi } from '../upstream/misbehave.ts';
import { bearer, one, route } from './moves.ts';
import { startCollector } from './otlp-receiver.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

/** One request of each kind that leaves a record. */
async function serveAll(gateway: TestGateway): Promise<void> {
  const token = await bearer(gateway);
  const headers = { traceparent, ...token };
  await gateway.create(allowed, headers);
  await gateway.create({ ...allowed, region: 'eu-north-1' }, headers);
  await gateway.create({ ...allowed, cidrBlock: 'x' }, headers);
  await gateway.create(allowed, { ...headers, authorization: 'Bearer nothing' });
  await gateway.call({ headers });
  const dryRun = {
    method: 'POST',
    path: `${peeringsPath}?dryRun=true`,
    body: JSON.stringify(allowed),
  } as const;
  await gateway.call({ ...dryRun, headers: { ...headers, 'content-type': 'application/json' } });
  await remove(gateway, put(gateway), { headers: { traceparent } });
}

const requests = 7;
const ended = (gateway: TestGateway) => gateway.logs.filter(({ msg }) => msg === 'request served');

test('every record and the log line of a request name its trace and its span, and the profile says so', async (t) => {
  const collector = await startCollector(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const gateway = await startTestGateway(t, { environment });
  await serveAll(gateway);
  await gateway.stop();
  const servers = collector.spans.filter(({ kind }) => kind === 2);
  const byRequest = new Map(
    servers.map(({ attributes, spanId }) => [attributes['peergate.gateway_request_id'], spanId]),
  );
  assert.equal(byRequest.size, requests);
  assert.ok(gateway.records.length > requests);
  for (const record of gateway.records) {
    assert.deepEqual(record.metadata.profiles, ['security_control', 'record_integrity', 'trace']);
    assert.equal(record.trace.uid, traceId);
    assert.equal(record.trace.span.uid, byRequest.get(record.api.request.uid));
    assert.ok(record.trace.span.start_time <= record.trace.span.end_time);
    assert.equal(record.trace.span.end_time, record.time);
  }
  assert.equal(ended(gateway).length, requests);
  for (const line of ended(gateway)) {
    assert.equal(line.trace_id, traceId);
    assert.equal(line.span_id, byRequest.get(line.gatewayRequestId));
  }
  const ofStart = gateway.output().split('\n').slice(0, 3);
  for (const line of ofStart) assert.ok(!('trace' in JSON.parse(line)));
});

test("without traces nothing names one, and nothing of the caller's goes to Aerospike Cloud", async (t) => {
  const gateway = await startTestGateway(t);
  await serveAll(gateway);
  await until('all lines are there', () => ended(gateway).length === requests);
  for (const record of gateway.records) {
    assert.deepEqual(record.metadata.profiles, ['security_control', 'record_integrity']);
    assert.ok(!('trace' in record));
  }
  for (const line of ended(gateway)) assert.ok(!('trace_id' in line) && !('span_id' in line));
  assert.ok(gateway.apiRequests().length >= 3);
  for (const { headers } of gateway.cloud.requests) assert.equal(headers['traceparent'], undefined);
  assert.ok(!gateway.output().includes(traceId));
});

test("a read of the gateway's own, in a preflight or a reconciliation, is sent without the trace", async (t) => {
  const collector = await startCollector(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, PREFLIGHT: 'enforce' };
  const gateway = await startTestGateway(t, { environment });
  await gateway.create(allowed, { traceparent });
  await remove(gateway, put(gateway), { headers: { traceparent } });
  const sent = gateway.apiRequests().filter(({ headers }) => headers.traceparent !== undefined);
  assert.deepEqual(
    sent.map(({ method }) => method),
    ['POST', 'DELETE'],
  );
  assert.ok(gateway.apiRequests().some(({ method }) => method === 'GET'));
  await collector.ofRequest(`DELETE ${one}`);
});

test('a create whose answer was lost is in its trace as far as its outcome', async (t) => {
  const collector = await startCollector(t);
  const gateway = await startTestGateway(t, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  breakApi(gateway, (request) => void request.socket.destroy());
  assert.equal((await gateway.create(allowed, { traceparent })).status, 502);
  const [intent, outcome] = gateway.records;
  assert.deepEqual([intent?.trace.uid, outcome?.trace.uid], [traceId, traceId]);
  assert.equal(intent?.trace.span.uid, outcome?.trace.span.uid);
  assert.equal(outcome?.status_id, 0);
  const spans = await collector.ofRequest(`POST ${route}`);
  assert.equal(spans.at(-1)?.spanId, outcome?.trace.span.uid);
});
