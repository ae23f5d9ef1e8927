// A caller's trace is taken over when its `traceparent` is well-formed, passed on to Aerospike Cloud below the gateway's own
// span, and begun anew otherwise; nothing else of the caller's trace context goes anywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { put, remove } from '../support/call-peering.ts';
import { allowed, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { head, openRaw } from '../support/raw-http.ts';
import { bearer, one, route } from './moves.ts';
import { startCollector } from './otlp-receiver.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${callersSpan}-01`;

async function start(t: Parameters<typeof startTestGateway>[0]) {
  const collector = await startCollector(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  return { collector, gateway: await startTestGateway(t, { environment }) };
}

const calls = {
  POST: [route, 'create'],
  GET: [route, 'list'],
  DELETE: [one, 'delete'],
} as const;

for (const [method, [path, name]] of Object.entries(calls)) {
  test(`a ${name} belongs to its caller's trace, at Aerospike Cloud, too`, async (t) => {
    const { collector, gateway } = await start(t);
    const headers = { traceparent, tracestate: 'vendor=word', baggage: 'key=word' };
    if (method === 'POST') await gateway.create(allowed, headers);
    if (method === 'GET') await gateway.call({ headers: { ...(await bearer(gateway)), ...headers } });
    if (method === 'DELETE') await remove(gateway, put(gateway), { headers });
    const spans = await collector.ofRequest(`${method} ${path}`);
    assert.ok(spans.every((span) => span.traceId === traceId));
    const server = spans.find(({ kind }) => kind === 2);
    assert.equal(server?.parentSpanId, callersSpan);
    const forward = spans.find(({ name: stage }) => stage === 'forward');
    assert.equal(forward?.kind, 3);
    assert.equal(forward?.parentSpanId, server?.spanId);
    const sent = gateway
      .apiRequests()
      .find((request) => request.method === method && request.headers.traceparent);
    assert.equal(sent?.headers.traceparent, `00-${traceId}-${forward?.spanId}-01`);
    for (const request of gateway.apiRequests())
      for (const other of ['tracestate', 'baggage']) assert.equal(request.headers[other], undefined);
  });
}

const refused = {
  'of version ff': `ff-${traceId}-${callersSpan}-01`,
  'of version 00 with more behind it': `${traceparent}-00`,
  'with an empty trace id': `00-${'0'.repeat(32)}-${callersSpan}-01`,
  'with an empty span id': `00-${traceId}-${'0'.repeat(16)}-01`,
  'in capitals': traceparent.toUpperCase(),
  'that is too short': `00-${traceId.slice(1)}-${callersSpan}-01`,
  'without flags': `00-${traceId}-${callersSpan}`,
  'of other letters': `00-${traceId.replace('4', 'g')}-${callersSpan}-01`,
  'that is none': 'nonsense',
  'that is empty': '',
  'of two values': `${traceparent},${traceparent}`,
};

for (const [what, value] of Object.entries(refused)) {
  test(`a traceparent ${what} begins a new trace`, async (t) => {
    const { collector, gateway } = await start(t);
    assert.equal((await gateway.create(allowed, { traceparent: value })).status, 201);
    const spans = await collector.ofRequest(`POST ${route}`);
    const server = spans.find(({ kind }) => kind === 2);
    assert.equal(server?.parentSpanId, '');
    assert.notEqual(server?.traceId, traceId);
    assert.match(String(server?.traceId), /^(?!0{32})[0-9a-f]{32}$/);
    assert.match(
      String(gateway.forwarded()[0]?.headers.traceparent),
      new RegExp(`^00-${server?.traceId}-[0-9a-f]{16}-01$`),
    );
  });
}

test('two headers begin a new trace, even two that are alike', async (t) => {
  const { collector, gateway } = await start(t);
  const connection = await openRaw(gateway.port);
  const { authorization } = await bearer(gateway);
  const fields = { Authorization: authorization, traceparent, Traceparent: traceparent };
  connection.write(head(`GET ${peeringsPath} HTTP/1.1`, fields));
  assert.equal((await connection.answer()).status, 200);
  connection.destroy();
  const spans = await collector.ofRequest(`GET ${route}`);
  assert.ok(spans.every((span) => span.traceId !== traceId));
});

test('a later version is read as far as it is known', async (t) => {
  const { collector, gateway } = await start(t);
  await gateway.create(allowed, { traceparent: `cc-${traceId}-${callersSpan}-01-what-the-future-brings` });
  const spans = await collector.ofRequest(`POST ${route}`);
  assert.ok(spans.every((span) => span.traceId === traceId));
  assert.match(String(gateway.forwarded()[0]?.headers.traceparent), /^00-4bf92f35/);
});

test('a trace that its caller does not sample is passed on so, and nothing of it is sent to the collector', async (t) => {
  const { collector, gateway } = await start(t);
  assert.equal(
    (await gateway.create(allowed, { traceparent: traceparent.replace(/01$/, '00') })).status,
    201,
  );
  const [sent] = gateway.forwarded();
  assert.match(String(sent?.headers.traceparent), new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  assert.ok(!sent?.headers.traceparent.includes(callersSpan));
  const line = gateway.logs.find(({ msg }) => msg === 'request served');
  assert.equal(line?.trace_id, traceId);
  await gateway.create(
    { ...allowed, region: 'eu-north-1' },
    { traceparent: traceparent.replace(/01$/, '03') },
  );
  await gateway.stop();
  const created = collector.spans.filter(({ kind }) => kind === 2);
  assert.equal(created.length, 1);
  assert.equal(created[0]?.attributes['http.response.status_code'], 403);
});
