// `/metrics` is on the admin listener alone, answers to nothing but a look, is what Prometheus expects, and tells no secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { noRedis, startRedis } from '../state/redis-server.ts';
import { put, remove } from '../support/call-peering.ts';
import { allowed, send, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { unlimited } from '../support/post.ts';
import { openRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { noPromtool, promtool } from './promtool.ts';
import { parseSeries, scrape } from './scrape.ts';

/** Requests of every kind, so that no metric is without a series. */
async function serveAll(gateway: TestGateway): Promise<void> {
  await gateway.create(allowed, { 'idempotency-key': 'one' });
  await gateway.create({ ...allowed, region: 'eu-north-1' });
  await gateway.call({});
  await gateway.call({ path: '/nothing' });
  await remove(gateway, put(gateway));
}

test('the public listener has no /metrics, with a token or without', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (const path of ['/metrics', '/v1/metrics', '/metrics/']) {
    for (const headers of [{}, { authorization }]) {
      const reply = await gateway.call({ path, headers });
      assert.equal(reply.status, 404);
      assert.ok(!reply.text.includes('peergate_'));
    }
  }
});

test('metrics can be looked at with GET and HEAD, and nothing else', async (t) => {
  const gateway = await startTestGateway(t);
  const ask = (method: string, path = '/metrics') =>
    send(gateway.adminUrl, { method: method as 'GET', path, ...(method === 'POST' ? { body: 'x' } : {}) });
  const got = await ask('GET');
  assert.equal(got.status, 200);
  assert.equal(got.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(got.headers['cache-control'], 'no-store');
  assert.ok(parseSeries(got.text).size > 100);
  const headed = await ask('HEAD');
  assert.deepEqual([headed.status, headed.text], [200, '']);
  assert.equal(headed.headers['content-type'], got.headers['content-type']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await ask(method);
    assert.equal(refused.status, 405);
    assert.equal(refused.headers['allow'], 'GET, HEAD');
    assert.ok(!refused.text.includes('peergate_'));
  }
  assert.equal((await ask('GET', '/metrics/')).status, 404);
  assert.equal((await ask('GET', '/metrics?name=up')).status, 200);
});

test('promtool has nothing to say of the metrics', { skip: noPromtool }, async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  await serveAll(gateway);
  const { text } = await scrape(gateway);
  const checked = promtool(['check', 'metrics'], text);
  assert.deepEqual([checked.status, checked.output], [0, '']);
  const worse = promtool(
    ['check', 'metrics'],
    text.replaceAll('peergate_requests_total', 'peergate_requests'),
  );
  assert.match(worse.output, /peergate_requests /);
});

test('no secret, token, name or address of anybody is in the metrics', { skip: noRedis }, async (t) => {
  const password = 'the-password-of-redis';
  const redis = await startRedis(t, { password });
  const environment = {
    REDIS_URL: redis.url.replace('redis://', `redis://:${password}@`),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9/the-collector',
  };
  const gateway = await startTestGateway(t, { environment });
  const token = await gateway.issuer.sign({ sub: 'a-certain-subject', jti: 'a-certain-token' });
  const { clientId, clientSecret } = gateway.cloud;
  await gateway.create(allowed, { authorization: `Bearer ${token}`, 'idempotency-key': 'a-certain-key' });
  await serveAll(gateway);
  const { text } = await scrape(gateway);
  const values = Object.values(allowed).filter(
    (value) => typeof value === 'string' && value !== allowed.region,
  );
  const hidden = [
    password,
    clientId,
    clientSecret,
    token,
    'a-certain',
    'the-collector',
    'payments',
    ...values,
  ];
  for (const word of hidden) assert.ok(!text.includes(String(word)), String(word));
  assert.match(text, /^peergate_idempotency_total\{found="acquired"\} [1-9]/m);
});

test('whoever asks while the gateway stops gets a whole answer or none, and holds it up no longer', async (t) => {
  const gateway = await startTestGateway(t);
  const agent = new Agent({ connections: 4, pipelining: 1 });
  t.after(() => agent.destroy());
  const idle = await openRaw(Number(new URL(gateway.adminUrl).port));
  const halfway = await openRaw(Number(new URL(gateway.adminUrl).port));
  halfway.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
  const answers: string[] = [];
  const ask = async () => {
    for (let count = 0; count < 20; count += 1) {
      const wanted = { origin: gateway.adminUrl, path: '/metrics', method: 'GET' } as const;
      const text = await agent.request(wanted).then(
        ({ body }) => body.text(),
        () => undefined,
      );
      if (text === undefined) return;
      answers.push(text);
    }
  };
  const asking = [ask(), ask(), ask(), ask()];
  await until('one has been answered', () => answers.length > 0);
  await gateway.stop();
  await Promise.all(asking);
  for (const text of answers) assert.ok(parseSeries(text).has('ready'));
  assert.equal(await idle.rest(), '');
  assert.equal(await halfway.rest(), '');
  await assert.rejects(scrape(gateway), { code: 'ECONNREFUSED' });
  assert.ok(gateway.logs.every(({ level }) => level !== 'error' && level !== 'fatal'));
});
