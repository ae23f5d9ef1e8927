// The standard variables of OpenTelemetry mean here what they mean elsewhere, and without them nothing of OpenTelemetry is
// loaded.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { environment, run } from '../commands/run-main.ts';
import { type ServedProcess, type Surroundings, serve, surround } from '../http/process.ts';
import { allowed, peeringsPath, send, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/policy-files.ts';
import { until } from '../support/until.ts';
import { route } from './moves.ts';
import { startCollector } from './otlp-receiver.ts';

const soon = { OTEL_BSP_SCHEDULE_DELAY: '10' };

async function create({ issuer }: Surroundings, { port }: ServedProcess, more: Record<string, string> = {}) {
  const authorization = `Bearer ${await issuer.sign()}`;
  const headers = { authorization, 'content-type': 'application/json', ...more };
  const wanted = { method: 'POST', path: peeringsPath, headers, body: JSON.stringify(allowed) } as const;
  assert.equal((await send(`http://127.0.0.1:${port}`, wanted)).status, 201);
}

async function start(t: TestContext, settings: Record<string, string>) {
  const surroundings = await surround(t);
  const sent: string[] = [];
  surroundings.cloud.setFault(({ method, headers }) => {
    if (method === 'POST' && headers['x-request-id'] !== undefined) sent.push(String(headers['traceparent']));
    return undefined;
  });
  const served = await serve(t, surroundings, 'audit.log', settings);
  return { surroundings, served, sent };
}

async function end(served: ServedProcess): Promise<void> {
  served.signal('SIGTERM');
  assert.deepEqual(await served.exited, [0, null]);
}

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

test('no caller makes a gateway sample that is told never to', async (t) => {
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

test('with http/protobuf the same goes out in Protobuf', async (t) => {
  const collector = await startCollector(t);
  const gateway = await startTestGateway(t, {
    environment: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/as/it/is`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
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
    assert.equal(gateway.apiRequests()[0]?.headers.traceparent, undefined);
    assert.ok(!gateway.output().includes('trace_id'));
  });
}

/** Writes the address of every module that is asked for, `require` included, into a file. */
const listing = `import { registerHooks } from 'node:module';
import { appendFileSync } from 'node:fs';
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    appendFileSync(process.env.LOADED_MODULES, found.url + '\\n');
    return found;
  },
});`;

async function watched(t: TestContext) {
  const file = join(await temporaryFolder(t), 'loaded');
  const settings = {
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(listing)}`,
  };
  const loaded = async () => {
    const all = (await readFile(file, 'utf8')).split('\n');
    assert.ok(all.some((url) => url.includes('/node_modules/zod/')));
    return all.filter((url) => url.includes('/@opentelemetry/'));
  };
  return { settings, loaded };
}

test('without an endpoint serve loads nothing of OpenTelemetry', async (t) => {
  const { settings, loaded } = await watched(t);
  const { surroundings, served } = await start(t, settings);
  await create(surroundings, served);
  await end(served);
  assert.deepEqual(await loaded(), []);
});

test('with one it does, so that the test before would have seen it', async (t) => {
  const { settings, loaded } = await watched(t);
  const collector = await startCollector(t);
  const { served } = await start(t, { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await end(served);
  assert.ok((await loaded()).length > 10);
});

test('check loads nothing of OpenTelemetry, whatever is set', async (t) => {
  const { settings, loaded } = await watched(t);
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  const checked = await run(['check'], { ...(await environment(t)), ...settings, ...endpoint });
  assert.equal(checked.status, 0, checked.err);
  assert.deepEqual(await loaded(), []);
});
