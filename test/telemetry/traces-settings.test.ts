// The standard variables of OpenTelemetry mean here what they mean elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { route } from './moves.ts';
import { startCollector } from './otlp-receiver.ts';
import { create, end, start } from './traced-process.ts';

const soon = { OTEL_BSP_SCHEDULE_DELAY: '10' };

test('the name of the service, its attributes and headers for the collector are taken from the environment', async (t) => {
  const collector = await startCollector(t);
  const { surroundings, served } = await start(t, {
    ...soon,
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/below/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret-of-the-collector',
    OTEL_SERVICE_NAME: 'gateway-of-payments',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,service.version=ours',
  });
  await create(surroundings, served);
  const spans = await collector.ofRequest(`POST ${route}`);
  assert.equal(spans[0]?.resource['service.name'], 'gateway-of-payments');
  assert.equal(spans[0]?.resource['deployment.environment.name'], 'staging');
  assert.equal(spans[0]?.resource['service.version'], 'ours');
  for (const { path, headers } of collector.requests) {
    assert.equal(path, '/below/v1/traces');
    assert.equal(headers.authorization, 'Bearer secret-of-the-collector');
  }
  await end(served);
  assert.ok(!JSON.stringify(served.logs).includes('secret-of-the-collector'));
});

test('the sampler is that of the environment, and a caller who has decided is followed by one that asks the parent', async (t) => {
  const collector = await startCollector(t);
  const sampled = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const { surroundings, served, sent } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  });
  await create(surroundings, served);
  await create(surroundings, served, { traceparent: sampled });
  await end(served);
  assert.match(sent[0] ?? '', /-00$/);
  assert.match(sent[1] ?? '', /-01$/);
  assert.equal(collector.spans.filter(({ kind }) => kind === 2).length, 1);
});

test('no caller makes a gateway sample whose settings exclude it', async (t) => {
  const collector = await startCollector(t);
  const { surroundings, served, sent } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_off',
  });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await create(surroundings, served, { traceparent });
  await end(served);
  assert.match(sent[0] ?? '', /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
  assert.equal(collector.requests.length, 0);
});

for (const protocol of [
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' },
])
  test(`with ${Object.keys(protocol).at(-1)}=http/protobuf the same goes out in Protobuf`, async (t) => {
    const collector = await startCollector(t);
    const gateway = await startTestGateway(t, {
      environment: {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/as/it/is`,
        ...protocol,
      },
    });
    await gateway.create();
    await until('spans have come', () => collector.requests.length > 0);
    await gateway.stop();
    for (const { path, headers } of collector.requests) {
      assert.equal(path, '/as/it/is');
      assert.equal(headers['content-type'], 'application/x-protobuf');
    }
    const bytes = Buffer.concat(collector.requests.map(({ body }) => body)).toString('latin1');
    for (const word of ['peergate', `POST ${route}`, 'forward']) assert.ok(bytes.includes(word), word);
  });

for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
  test(`with ${Object.entries(off).join().replace(',', '=')} nothing is traced, endpoint or not`, async (t) => {
    const collector = await startCollector(t);
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const gateway = await startTestGateway(t, { environment: { ...endpoint, ...off } });
    await gateway.create();
    await gateway.stop();
    assert.equal(collector.requests.length, 0);
    assert.equal(gateway.forwarded()[0]?.headers.traceparent, undefined);
    assert.ok(!gateway.output().includes('trace_id'));
  });
}

test('no OTEL_* variable, whatever it says, stops a start', async (t) => {
  const broken = ['', 'grpc', '-1', '"quoted"', 'a=b=c,%zz', '{', '/no/such/file'];
  const names = [
    ...['ENDPOINT', 'PROTOCOL', 'HEADERS', 'TIMEOUT', 'COMPRESSION', 'CERTIFICATE', 'CLIENT_KEY'].map(
      (name) => `OTEL_EXPORTER_OTLP_${name}`,
    ),
    ...['SERVICE_NAME', 'RESOURCE_ATTRIBUTES', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG', 'TRACES_EXPORTER'].map(
      (name) => `OTEL_${name}`,
    ),
    ...['BSP_MAX_QUEUE_SIZE', 'BSP_MAX_EXPORT_BATCH_SIZE', 'BSP_SCHEDULE_DELAY', 'SDK_DISABLED'].map(
      (name) => `OTEL_${name}`,
    ),
    ...['ATTRIBUTE_COUNT_LIMIT', 'SPAN_EVENT_COUNT_LIMIT', 'LOG_LEVEL', 'PROPAGATORS'].map(
      (name) => `OTEL_${name}`,
    ),
  ];
  const collector = await startCollector(t);
  for (const [index, value] of broken.entries()) {
    // The endpoint is good in half of them, so that the packages get to see the rest.
    const all = Object.fromEntries(names.map((name) => [name, value]));
    const usable = { OTEL_EXPORTER_OTLP_PROTOCOL: '', OTEL_TRACES_EXPORTER: '', OTEL_SDK_DISABLED: '' };
    const endpoint = { ...all, ...usable, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const { surroundings, served } = await start(t, index % 2 === 0 ? endpoint : all);
    await create(surroundings, served);
    await end(served);
  }
});
