// The token endpoint as the whole gateway sees it: how seldom it is asked, and that its trouble is told without a word of
// what it said.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway, withoutPreflight } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { assertFailure, assertNothingLeaks, bytes, head, marker, reply } from './misbehave.ts';

const json = { 'content-type': 'application/json' };
const unlimited = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };

function breakTokens(gateway: TestGateway, listener: RequestListener | undefined): void {
  const fault = ({ path }: { path: string }) => (path === '/oauth/token' ? listener : undefined);
  gateway.cloud.setFault(listener === undefined ? undefined : fault);
}

test('fifty creates at once make one token request', async (t) => {
  const gateway = await startTestGateway(t);
  const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.create()));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(gateway.cloud.tokenRequests, 1);
  assert.equal(gateway.forwarded().length, 50);
  assert.equal(new Set(gateway.forwarded().map(({ headers }) => headers.authorization)).size, 1);
  assertNothingLeaks(gateway, ...answers);
});

test('a request that is refused by the gateway asks for no token', async (t) => {
  const gateway = await startTestGateway(t);
  assert.equal((await gateway.create({})).status, 400);
  assert.equal(gateway.cloud.connections, 0);
});

test('renewal happens behind the back of the callers: none waits while the old token is good', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...unlimited, ...withoutPreflight } });
  let token = '';
  gateway.cloud.setFault(({ path }) => {
    if (path !== '/oauth/token') return reply(201, json, '{"id":"peering-1"}');
    // The first token lives for 3 s; the request for the second is never answered.
    if (token !== '') return () => undefined;
    token = 'first-token';
    return reply(200, json, JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3 }));
  });
  await until('a second token request', async () => {
    assert.equal((await gateway.create()).status, 201);
    return gateway.cloud.tokenRequests === 2;
  });
  assert.equal((await gateway.create()).status, 201);
  assert.equal(gateway.cloud.tokenRequests, 2);
  assert.deepEqual(
    new Set(gateway.forwarded().map(({ headers }) => headers.authorization)),
    new Set([`Bearer ${token}`]),
  );
});

const secret = 'demo-secret-of-the-gateway';
const troubles: Record<string, [listener: RequestListener, proxyError: string]> = {
  'refuses the client': [
    reply(401, json, JSON.stringify({ error: 'invalid_client', error_description: `${secret} ${marker}` })),
    'proxy_configuration_error',
  ],
  'answers with an error page': [
    reply(500, { 'content-type': 'text/html' }, marker),
    'proxy_configuration_error',
  ],
  'answers with an HTML page and 200': [
    reply(200, { 'content-type': 'text/html' }, `<html>${marker}`),
    'proxy_configuration_error',
  ],
  redirects: [reply(307, { location: `/elsewhere?${secret}` }), 'proxy_configuration_error'],
  'gives another kind of token': [
    reply(200, json, JSON.stringify({ access_token: marker, token_type: 'mac' })),
    'proxy_configuration_error',
  ],
  'gives a token that no header can hold': [
    reply(200, json, JSON.stringify({ access_token: `${marker}\r\nX: y`, token_type: 'Bearer' })),
    'proxy_configuration_error',
  ],
  'says too much': [reply(200, json, JSON.stringify(marker.repeat(10_000))), 'http_response_body_size'],
  'compresses its answer': [
    reply(200, { ...json, 'content-encoding': 'gzip' }, marker),
    'proxy_configuration_error',
  ],
  'breaks off': [
    bytes(`${head('200 OK', 'Content-Type: application/json', 'Content-Length: 999')}{"${marker}`),
    'http_response_incomplete',
  ],
  'speaks another protocol': [bytes(`220 ${marker} ESMTP\r\n`), 'http_protocol_error'],
  'hangs up': [(request) => void request.socket.resetAndDestroy(), 'connection_terminated'],
};

for (const [what, [listener, proxyError]] of Object.entries(troubles)) {
  test(`a token endpoint that ${what} is a 502: nothing was sent, and nothing of its answer is passed on`, async (t) => {
    const gateway = await startTestGateway(t, { environment: withoutPreflight });
    breakTokens(gateway, listener);
    const answer = await gateway.create();
    const expected = {
      sent: 'no',
      proxyError,
      code: 'service-token-unavailable',
      seen: 0,
      statusId: 2,
    } as const;
    assertFailure(gateway, answer, expected);
  });
}

for (const status of [429, 503]) {
  for (const [form, value] of [
    ['seconds', () => '120'],
    ['a date', () => new Date(Date.now() + 120_000).toUTCString()],
  ] as const) {
    test(`a ${status} of the token endpoint with Retry-After in ${form} is respected and passed on to every caller`, async (t) => {
      const gateway = await startTestGateway(t, { environment: withoutPreflight });
      breakTokens(gateway, reply(status, { 'content-type': 'text/html', 'retry-after': value() }, marker));
      const answer = await gateway.create();
      assertFailure(gateway, answer, {
        sent: 'no',
        proxyError: 'proxy_configuration_error',
        code: 'service-token-unavailable',
        seen: 0,
        statusId: 2,
      });
      assert.match(String(answer.headers['retry-after']), /^1(1\d|20)$/);
      breakTokens(gateway, undefined);
      for (let count = 0; count < 3; count += 1) {
        const next = await gateway.create();
        assert.equal(next.status, 502);
        assert.match(String(next.headers['retry-after']), /^1(1\d|20)$/);
      }
      assert.equal(gateway.cloud.tokenRequests, 1);
    });
  }
}

test('a token endpoint without Retry-After gives an answer without Retry-After', async (t) => {
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  breakTokens(gateway, reply(503, { 'retry-after': 'soon' }));
  const answer = await gateway.create();
  assert.equal(answer.status, 502);
  assert.equal(answer.headers['retry-after'], undefined);
});

test('a token endpoint that is well again is found by the creates that follow', async (t) => {
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  breakTokens(gateway, reply(503, {}));
  assert.equal((await gateway.create()).status, 502);
  breakTokens(gateway, undefined);
  await until('a create goes through', async () => (await gateway.create()).status === 201);
  assert.equal(gateway.forwarded().length, 1);
});

test('a token endpoint that is not there is a 502 that says so', async (t) => {
  const gateway = await startTestGateway(t, {
    environment: {
      AEROSPIKE_TOKEN_URL: `http://127.0.0.1:${await freePort()}/oauth/token`,
      ...withoutPreflight,
    },
  });
  const answer = await gateway.create();
  const code = 'service-token-unavailable';
  assertFailure(gateway, answer, {
    sent: 'no',
    proxyError: 'connection_refused',
    code,
    seen: 0,
    statusId: 2,
  });
  assert.equal(gateway.cloud.connections, 0);
});

test('a secret in a file is read anew for each token request', async (t) => {
  const folder = temporaryFolder();
  const file = join(folder, 'secret');
  await writeFile(file, `${secret}\n`);
  const gateway = await startTestGateway(t, {
    environment: { ...unlimited, AEROSPIKE_CLIENT_SECRET: '', AEROSPIKE_CLIENT_SECRET_FILE: file },
  });
  const sentSecrets = () =>
    gateway.cloud.requests
      .filter(({ path }) => path === '/oauth/token')
      .map(({ body }) => new URLSearchParams(body).get('client_secret'));
  assert.equal((await gateway.create()).status, 201);
  await writeFile(file, 'rotated-secret');
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(sentSecrets(), [secret]);
  gateway.cloud.revokeTokens();
  const refused = await gateway.create();
  assert.equal(refused.status, 502);
  assert.deepEqual(sentSecrets(), [secret, 'rotated-secret']);
  await writeFile(file, secret);
  await until('a create goes through', async () => (await gateway.create()).status === 201);
  assertNothingLeaks(gateway, refused);
  assert.equal(gateway.output().includes('rotated-secret'), false);
});

for (const what of ['gone', 'empty'] as const) {
  test(`a secret whose file is ${what} when it is needed is a 502, and no token is asked for`, async (t) => {
    const folder = temporaryFolder();
    const file = join(folder, 'secret');
    await writeFile(file, secret);
    const gateway = await startTestGateway(t, {
      environment: { AEROSPIKE_CLIENT_SECRET: '', AEROSPIKE_CLIENT_SECRET_FILE: file, ...withoutPreflight },
    });
    await (what === 'gone' ? rm(file) : writeFile(file, '\n'));
    const proxyError = 'proxy_configuration_error';
    assertFailure(gateway, await gateway.create(), { sent: 'no', proxyError, seen: 0, statusId: 2 });
    assert.equal(gateway.cloud.connections, 0);
  });
}
