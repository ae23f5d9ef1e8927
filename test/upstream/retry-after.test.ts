// The one thing that passes of an answer that must not be passed on: when to ask again.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import {
  assertFailure,
  assertNextIsClean,
  breakApi,
  bytes,
  head,
  jsonBody,
  marker,
  reply,
} from './misbehave.ts';

const html = { 'content-type': 'text/html', server: marker, location: `/${marker}`, 'set-cookie': marker };
const json = { 'content-type': 'application/json' };
const page = `<html>${marker}</html>`;
const date = 'Wed, 21 Oct 2099 07:28:00 GMT';

const broken: Record<string, [listener: (value: string) => RequestListener, status: number, error?: string]> =
  {
    'an HTML page with 503': [(value) => reply(503, { ...html, 'retry-after': value }, page), 503],
    'an HTML page with 429': [(value) => reply(429, { ...html, 'retry-after': value }, page), 429],
    'an HTML page with 200': [(value) => reply(200, { ...html, 'retry-after': value }, page), 200],
    'a redirect': [(value) => reply(302, { ...html, 'retry-after': value }), 302],
    'a compressed 503': [
      (value) => reply(503, { ...json, 'content-encoding': 'gzip', 'retry-after': value }, marker),
      503,
      'http_response_content_coding',
    ],
    'a 503 over 1 MiB': [
      (value) => reply(503, { ...json, 'retry-after': value }, JSON.stringify(marker.repeat(100_000))),
      503,
      'http_response_body_size',
    ],
    'a 503 that breaks off': [
      (value) => bytes(`${head('503 Busy', `Retry-After: ${value}`, 'Content-Length: 999')}${jsonBody}`),
      503,
      'http_response_incomplete',
    ],
  };

for (const [what, [listener, received, error = 'http_protocol_error']] of Object.entries(broken)) {
  test(`of ${what} nothing but Retry-After is passed on, as seconds and as a date`, async (t) => {
    for (const value of ['17', date]) {
      const gateway = await startTestGateway(t);
      breakApi(gateway, listener(value));
      const answer = await gateway.create();
      assertFailure(gateway, answer, {
        sent: 'yes',
        proxyError: `${error}; received-status=${received}`,
        code: 'upstream-broken',
        statusId: 0,
      });
      assert.equal(answer.headers['retry-after'], value);
      await assertNextIsClean(gateway);
    }
  });
}

test('a 503 whose body never ends is a 504, with its Retry-After', async (t) => {
  const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '300' } });
  breakApi(gateway, (_request, response) => {
    response.writeHead(503, { ...json, 'retry-after': '17' }).write(marker);
  });
  const answer = await gateway.create();
  assert.equal(answer.status, 504);
  assert.equal(answer.headers['retry-after'], '17');
});

for (const [what, value] of [
  ['words', marker],
  ['a number below 0', '-1'],
  ['a date without a zone', 'Wed, 21 Oct 2099 07:28:00'],
] as const) {
  test(`a Retry-After that is ${what} is not passed on with a broken answer`, async (t) => {
    const gateway = await startTestGateway(t);
    breakApi(gateway, reply(503, { ...html, 'retry-after': value }, page));
    const answer = await gateway.create();
    assert.equal(answer.status, 502);
    assert.equal(answer.headers['retry-after'], undefined);
  });
}

test('a broken answer with two Retry-After passes none of them on', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(
    gateway,
    bytes(head('503 Busy', 'Retry-After: 1', 'Retry-After: 2', 'Content-Type: text/html') + page),
  );
  const answer = await gateway.create();
  assert.equal(answer.status, 502);
  assert.equal(answer.headers['retry-after'], undefined);
});

for (const [what, read] of [
  ['the cluster', ({ path }: { path: string }) => !path.includes('vpc-peerings')],
  ['its peerings', ({ path }: { path: string }) => path.includes('vpc-peerings')],
] as const) {
  for (const [form, listener] of [
    ['in good form', reply(503, { ...json, 'retry-after': '17' }, '{}')],
    ['as an HTML page', reply(503, { ...html, 'retry-after': '17' }, page)],
  ] as const) {
    test(`a preflight read of ${what} that is answered 503 ${form} is a 502 with its Retry-After, and nothing is created`, async (t) => {
      const gateway = await startTestGateway(t);
      gateway.cloud.setFault((seen) => (seen.path.startsWith('/v1/') && read(seen) ? listener : undefined));
      const answer = await gateway.create();
      assert.equal(answer.status, 502);
      assert.equal(answer.headers['retry-after'], '17');
      assert.deepEqual(answer.json.context, { sent: 'no' });
      assert.equal(gateway.records.at(-1)?.status_code, 'preflight-failed');
      assert.equal(gateway.forwarded().filter(({ method }) => method === 'POST').length, 0);
    });
  }
}
