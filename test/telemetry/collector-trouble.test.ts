// A collector that is down, hangs or fails costs no request anything, is complained of once a minute at most, and does not keep
// the gateway from stopping.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { type ServedProcess, type Surroundings, serve, surround } from '../acceptance/process.ts';
import { allowed, peeringsPath, send, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { startCollector } from './otlp-receiver.ts';

const complaint = 'failed to export traces';
/** Whoever waited for the collector would wait longer than a test may take. */
const patient = {
  OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
  OTEL_BSP_EXPORT_TIMEOUT: '600000',
  OTEL_BSP_SCHEDULE_DELAY: '10',
};

async function start(t: TestContext, endpoint: string, more: Record<string, string> = {}) {
  const surroundings = await surround(t);
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more };
  return { surroundings, served: await serve(t, surroundings, 'audit.log', settings) };
}

async function createTwenty({ issuer }: Surroundings, { port }: ServedProcess): Promise<void> {
  const authorization = `Bearer ${await issuer.sign()}`;
  const headers = { authorization, 'content-type': 'application/json' };
  for (let count = 0; count < 20; count += 1) {
    const wanted = { method: 'POST', path: peeringsPath, headers, body: JSON.stringify(allowed) } as const;
    const reply = await send(`http://127.0.0.1:${port}`, wanted);
    assert.equal(reply.status, 201, reply.text);
  }
}

const complaints = ({ logs }: Pick<ServedProcess, 'logs'>) => logs.filter(({ msg }) => msg === complaint);

test('a collector that hangs holds up no request and no stop', async (t) => {
  const collector = await startCollector(t);
  collector.answerWith('nothing');
  const { surroundings, served } = await start(t, collector.url, patient);
  await createTwenty(surroundings, served);
  await until('the collector holds spans', () => collector.requests.length > 0);
  served.signal('SIGTERM');
  assert.deepEqual(await served.exited, [0, null]);
  assert.ok(complaints(served).length <= 1);
});

test('a collector that is down holds up no request and no stop', async (t) => {
  const gone = await startLoopbackServer(() => undefined);
  await gone.close();
  const { surroundings, served } = await start(t, gone.origin, patient);
  await createTwenty(surroundings, served);
  assert.equal(await served.admin('/readyz'), 200);
  served.signal('SIGTERM');
  assert.deepEqual(await served.exited, [0, null]);
  assert.ok(complaints(served).length <= 1);
});

test('a collector that fails is complained of once, without a word of what it was sent or said', async (t) => {
  const collector = await startCollector(t);
  collector.answerWith(500);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const gateway = await startTestGateway(t, { environment });
  for (let count = 0; count < 10; count += 1) {
    const sent = collector.requests.length;
    assert.equal((await gateway.create()).status, 201);
    await until('the spans of the create have come', () => collector.requests.length > sent);
  }
  await until('the complaint is there', () => complaints(gateway).length > 0);
  await gateway.stop();
  const [line, ...more] = complaints(gateway);
  assert.deepEqual(more, []);
  assert.equal(line?.level, 'warn');
  assert.equal(line?.detail, 'OTLPExporterError: Internal Server Error');
  assert.ok(gateway.records.length >= 20);
});

test('what is left when the gateway stops is still sent', async (t) => {
  const collector = await startCollector(t);
  const later = { OTEL_BSP_SCHEDULE_DELAY: '600000' };
  const { surroundings, served } = await start(t, collector.url, later);
  await createTwenty(surroundings, served);
  assert.equal(collector.spans.length, 0);
  served.signal('SIGTERM');
  assert.deepEqual(await served.exited, [0, null]);
  assert.equal(collector.spans.filter(({ kind }) => kind === 2).length, 20);
});
