// What the upstream says in good form reaches the caller as it is: status, body byte for byte, three header fields and
// the request id. Nothing else of it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'undici';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { assertNextIsClean, assertNothingLeaks, breakApi, bytes, head, marker, reply } from './misbehave.ts';

/** In a spelling that no writer of JSON would choose, so that a body that was parsed and written again shows. */
const odd = Buffer.from('\uFEFF{ "n": 1.50e2,\r\n "a":"\\u0041\\/", "a":null, "deep":[[]], "t": "☃" }\n');

/** A create whose answer is looked at byte for byte. */
async function createBytes(gateway: TestGateway) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const { statusCode, headers, body } = await request(gateway.url + peeringsPath, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(allowed),
    reset: true,
  });
  return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
}

const outcomes = [
  [1, [200, 201, 202, 299]],
  [2, [400, 402, 403, 404, 407, 408, 409, 418, 422, 425, 429, 499]],
  [0, [500, 501, 502, 503, 504, 599]],
] as const;

for (const [statusId, statuses] of outcomes) {
  for (const status of statuses) {
    test(`a ${status} passes through byte for byte, once, and its outcome is recorded`, async (t) => {
      const gateway = await startTestGateway(t);
      const mediaType = 'application/problem+json; charset="utf-8"';
      const start = head(`${status} Odd`, `Content-Type: ${mediaType}`, `Content-Length: ${odd.length}`);
      breakApi(gateway, bytes(Buffer.concat([Buffer.from(start), odd])));
      const answer = await createBytes(gateway);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.body, odd);
      assert.equal(answer.headers['content-type'], mediaType);
      assert.equal(answer.headers['content-length'], String(odd.length));
      assert.equal(answer.headers['proxy-status'], `peergate; received-status=${status}`);
      assert.equal(gateway.forwarded().length, 1);
      const [intent, outcome, ...more] = gateway.records;
      assert.equal(more.length, 0);
      assert.equal(intent?.metadata.event_code, 'peering.create.intent');
      assert.equal(outcome?.status_id, statusId);
      assert.equal(outcome?.status_code, 'upstream-answered');
      assert.deepEqual(outcome?.unmapped.upstream, { sent: 'yes', status });
      await assertNextIsClean(gateway);
    });
  }
}

/** What must stay behind, with a value that would show. */
const foreign = [
  'Set-Cookie',
  'Server',
  'WWW-Authenticate',
  'Proxy-Authenticate',
  'X-Powered-By',
  'Via',
  'Proxy-Status',
  'Cache-Control',
  'ETag',
  'Expires',
  'Link',
  'Alt-Svc',
  'Content-Language',
  'Content-Disposition',
  'Content-Security-Policy',
  'Strict-Transport-Security',
  'Access-Control-Allow-Origin',
  'RateLimit',
  'RateLimit-Policy',
  'X-Gateway-Request-Id',
  'X-Internal-Host',
  'Refresh',
];

for (const status of [201, 403, 503]) {
  test(`of the headers of a ${status} only Content-Type, Retry-After and Location pass`, async (t) => {
    const gateway = await startTestGateway(t);
    const json = { 'content-type': 'application/json' };
    breakApi(gateway, reply(status, json, '{}'));
    const plain = await gateway.create();
    const passed = { ...json, 'retry-after': '17', location: '/somewhere/else' };
    const others = Object.fromEntries(foreign.map((name) => [name, marker]));
    breakApi(gateway, reply(status, { ...others, ...passed }, '{}'));
    const answer = await gateway.create();
    assert.equal(answer.status, status);
    for (const [name, value] of Object.entries(passed)) assert.equal(answer.headers[name], value);
    assert.deepEqual(
      Object.keys(answer.headers).sort(),
      [...Object.keys(plain.headers), 'retry-after', 'location'].sort(),
    );
    assertNothingLeaks(gateway, answer);
  });
}

test('a Location beyond ASCII passes byte for byte and does no harm', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(
    gateway,
    bytes(
      `${head('201 Created', 'Content-Type: application/json', 'Location: /☃/é', 'Content-Length: 2')}{}`,
    ),
  );
  const answer = await createBytes(gateway);
  assert.equal(answer.status, 201);
  assert.deepEqual(Buffer.from(String(answer.headers['location']), 'latin1').toString(), '/☃/é');
  await assertNextIsClean(gateway);
});

test('a Retry-After or Location that comes twice does not pass', async (t) => {
  const gateway = await startTestGateway(t);
  const twice = ['Retry-After: 1', 'Retry-After: 2', `Location: /${marker}/1`, `Location: /${marker}/2`];
  breakApi(gateway, bytes(head('503 Busy', 'Content-Length: 0', ...twice)));
  const answer = await gateway.create();
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], undefined);
  assert.equal(answer.headers['location'], undefined);
  assertNothingLeaks(gateway, answer);
});

test('JSON nested deeper than it could be written again passes as it came', async (t) => {
  const gateway = await startTestGateway(t);
  const deep = Buffer.from(`${'['.repeat(200_000)}"\\n"${']'.repeat(200_000)}`);
  breakApi(gateway, reply(201, { 'content-type': 'application/json' }, deep));
  const answer = await createBytes(gateway);
  assert.equal(answer.status, 201);
  assert.equal(answer.body.equals(deep), true);
  await assertNextIsClean(gateway);
});

test('an upstream that fails a list passes through too, and changed nothing', async (t) => {
  const gateway = await startTestGateway(t);
  const body = '{ "detail": "down" }';
  breakApi(gateway, reply(503, { 'content-type': 'application/problem+json', 'retry-after': '3' }, body));
  const answer = await gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign()}` } });
  assert.equal(answer.status, 503);
  assert.equal(answer.text, body);
  assert.equal(answer.headers['retry-after'], '3');
  assert.equal(gateway.forwarded().length, 1);
  const [outcome, ...more] = gateway.records;
  assert.equal(more.length, 0);
  assert.equal(outcome?.metadata.event_code, 'peering.list.outcome');
  assert.equal(outcome?.status_id, 2);
});
