// Spans say which stage took how long and what came of the request, for refusals, too, and hold nothing of what it was about.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { allowed, guardrailsOnly, startTestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { breakApi, reply } from '../upstream/misbehave.ts';
import { bearer, route } from './moves.ts';
import { type ReceivedSpan, startCollector } from './otlp-receiver.ts';

async function start(t: TestContext, { environment, ...options }: TestGatewayOptions = {}) {
  const collector = await startCollector(t);
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment };
  return { collector, gateway: await startTestGateway(t, { ...options, environment: all }) };
}

/** `name < parent` of each span, and `!` where it is an error. */
function drawn(spans: readonly ReceivedSpan[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(
    ({ name, parentSpanId, status }) =>
      `${name} < ${names.get(parentSpanId) ?? '-'}${status === 2 ? ' !' : ''}`,
  );
}

const create = `POST ${route}`;
const below = (...stages: string[]) => stages.map((stage) => `${stage} < ${create}`);

test('each stage of a create is a span below that of the request', async (t) => {
  const { collector, gateway } = await start(t);
  await gateway.create(allowed, { 'idempotency-key': 'one' });
  const spans = await collector.ofRequest(create);
  assert.deepEqual(drawn(spans), [
    ...below(
      'authenticate',
      'verify',
      'parse',
      'authorize',
      'idempotency',
      'lock',
      'preflight',
      'record',
      'forward',
    ),
    `${create} < -`,
  ]);
  const server = spans.at(-1);
  assert.deepEqual(server?.attributes, {
    'http.request.method': 'POST',
    'http.route': route,
    'http.response.status_code': 201,
    'peergate.decision': 'allow',
    'peergate.gateway_request_id': gateway.records[0]?.api.request.uid,
  });
  assert.equal(server?.resource['service.name'], 'peergate');
  assert.equal(server?.resource['service.version'], '0.0.0-test');
  assert.equal(server?.resource['service.instance.id'], 'test');
});

test('a refused request has its spans up to the stage that refused, and a denial is no error', async (t) => {
  const { collector, gateway } = await start(t);
  await gateway.create({ ...allowed, region: 'eu-north-1' });
  const spans = await collector.ofRequest(create);
  assert.deepEqual(drawn(spans), [...below('authenticate', 'verify', 'parse', 'authorize'), `${create} < -`]);
  assert.equal(spans.at(-1)?.attributes['error.type'], 'policy-denied');
  assert.equal(spans.at(-1)?.attributes['http.response.status_code'], 403);
  assert.equal(spans.at(-2)?.attributes['error.type'], 'policy-denied');
});

test('an unknown route, a wrong method and a request without a token have spans by names of ours', async (t) => {
  const { collector, gateway } = await start(t);
  await gateway.call({ path: '/a-path-of-the-callers' });
  await gateway.call({ method: 'PATCH' });
  await gateway.call({});
  assert.deepEqual(drawn(await collector.ofRequest('GET')), ['GET < -']);
  assert.deepEqual(drawn(await collector.ofRequest(`PATCH ${route}`)), [`PATCH ${route} < -`]);
  const list = `GET ${route}`;
  assert.deepEqual(drawn(await collector.ofRequest(list)), [`${list} < -`]);
});

test('what the gateway could not do is an error of its stage and of the request', async (t) => {
  const { collector, gateway } = await start(t);
  breakApi(gateway, (request) => void request.socket.destroy());
  assert.equal((await gateway.create()).status, 502);
  const spans = await collector.ofRequest(create);
  assert.deepEqual(drawn(spans).slice(-2), [`forward < ${create} !`, `${create} < - !`]);
  for (const { attributes } of spans.slice(-2))
    assert.equal(attributes['error.type'], 'upstream-unreachable');
});

test("Aerospike Cloud's own 5xx is an error of the request, and its 4xx is none", async (t) => {
  const { collector, gateway } = await start(t);
  const problem = { 'content-type': 'application/problem+json' };
  breakApi(gateway, reply(503, problem, '{}'));
  assert.equal((await gateway.create()).status, 503);
  breakApi(gateway, reply(422, problem, '{}'));
  assert.equal((await gateway.call({ headers: await bearer(gateway) })).status, 422);
  const root = (spans: readonly ReceivedSpan[]) => drawn(spans).at(-1);
  assert.equal(root(await collector.ofRequest(create)), `${create} < - !`);
  assert.equal(root(await collector.ofRequest(`GET ${route}`)), `GET ${route} < -`);
});

test('nothing of body, query, headers, token or claims is in what goes to the collector', async (t) => {
  const groups =
    'grants:\n  - { id: one, callers: [{ claim: groups, contains: marked-group }], actions: [create] }\n';
  const { collector, gateway } = await start(t, { policy: guardrailsOnly + groups });
  const claims = {
    sub: 'marked-subject',
    client_id: 'marked-client',
    jti: 'marked-token',
    groups: ['marked-group'],
  };
  const token = await gateway.issuer.sign(claims);
  const headers = {
    authorization: `Bearer ${token}`,
    'x-request-id': 'marked-request',
    'user-agent': 'marked-agent',
    'idempotency-key': 'marked-key',
    tracestate: 'marked=state',
    baggage: 'marked=baggage',
    cookie: 'marked=cookie',
  };
  assert.equal((await gateway.create(allowed, headers)).status, 201);
  await gateway.create({ ...allowed, marked: 'marked-member' }, headers);
  await gateway.create('{"marked', headers);
  await gateway.create({ ...allowed, region: 'eu-north-1' }, headers);
  await gateway.call({ path: '/marked/path?marked=query', headers });
  await gateway.create(allowed, { ...headers, authorization: 'Bearer marked.marked.marked' });
  await gateway.stop();
  const bytes = Buffer.concat(collector.requests.map(({ body }) => body)).toString('utf8');
  assert.ok(collector.spans.filter(({ kind }) => kind === 2).length === 6, bytes);
  const { clientId, clientSecret } = gateway.cloud;
  const values = Object.values(allowed).filter((value) => typeof value === 'string');
  const hidden = ['marked', token, clientId, clientSecret, gateway.issuer.url, '127.0.0.1', ...values];
  for (const word of hidden) assert.ok(!bytes.includes(word), word);
  for (const { headers: sent } of collector.requests) assert.ok(!JSON.stringify(sent).includes('marked'));
});
