// The one request for a token: what it says, which answers count, and how long a token of a careless endpoint lives.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { systemClock } from '../../src/clock.ts';
import type { UpstreamConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Logger } from '../../src/logging/logger.ts';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { ServiceToken } from '../../src/upstream/service-token.ts';
import { requestToken } from '../../src/upstream/token-request.ts';
import { reply } from './misbehave.ts';

async function start(test: TestContext, settings: Partial<UpstreamConfig> = {}) {
  const cloud = await startAerospikeCloud();
  const agent = new OutboundAgent(1000, 4);
  test.after(() => Promise.all([agent.destroy(), cloud.close()]));
  const config: UpstreamConfig = {
    apiUrl: cloud.apiUrl,
    tokenUrl: cloud.tokenUrl,
    credential: {
      clientId: Secret.ofValue(cloud.clientId),
      clientSecret: Secret.ofValue(cloud.clientSecret),
    },
    tokenScope: undefined,
    tokenAudience: undefined,
    connectTimeoutMs: 1000,
    timeoutMs: 1000,
    connections: 4,
    ...settings,
  };
  return { cloud, ask: (timeoutMs?: number) => requestToken(agent, config, timeoutMs) };
}

test('the request is a form with the credentials in its body, and nothing more than it needs', async (t) => {
  const { cloud, ask } = await start(t);
  const { value, lifetimeMs } = await ask();
  assert.match(value, /^[\w-]{20,}$/);
  assert.equal(lifetimeMs, 28_800_000);
  const [request] = cloud.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(request?.headers.authorization, undefined);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
    grant_type: 'client_credentials',
    client_id: cloud.clientId,
    client_secret: cloud.clientSecret,
  });
});

test('scope and audience go along when they are set, and a secret of any characters survives the form', async (t) => {
  const clientSecret = 'a&b=c%d+e f"ü';
  const credential = { clientId: Secret.ofValue('id'), clientSecret: Secret.ofValue(clientSecret) };
  const { cloud, ask } = await start(t, {
    tokenScope: 'a b',
    tokenAudience: 'https://api.example/',
    credential,
  });
  await assert.rejects(ask());
  assert.deepEqual(Object.fromEntries(new URLSearchParams(cloud.requests[0]?.body)), {
    grant_type: 'client_credentials',
    client_id: 'id',
    client_secret: clientSecret,
    scope: 'a b',
    audience: 'https://api.example/',
  });
});

/** As they stand in the JSON; `undefined`: not there. The lifetime in seconds. */
const lifetimes: [expiresIn: string | undefined, seconds: number][] = [
  ['28800', 28_800],
  ['"28800"', 28_800],
  ['1', 1],
  ['59.5', 59.5],
  [undefined, 300],
  ['null', 300],
  ['0', 300],
  ['-1', 300],
  ['"abc"', 300],
  ['"-1"', 300],
  ['"1e9"', 300],
  ['""', 300],
  ['true', 300],
  ['[28800]', 300],
  ['{}', 300],
  ['1e308', 86_400],
  ['1e309', 86_400],
  ['99999999999', 86_400],
];

for (const [expiresIn, seconds] of lifetimes) {
  test(`a token with expires_in ${expiresIn ?? 'missing'} is used for ${seconds} s at most`, async (t) => {
    const { cloud, ask } = await start(t);
    const member = expiresIn === undefined ? '' : `,"expires_in":${expiresIn}`;
    const body = `{"access_token":"abc","token_type":"bearer"${member}}`;
    cloud.setFault(() => reply(200, { 'content-type': 'application/json' }, body));
    assert.deepEqual(await ask(), { value: 'abc', lifetimeMs: seconds * 1000 });
  });
}

const good = { access_token: 'abc', token_type: 'Bearer', expires_in: 60 };
const answers: Record<string, unknown> = {
  'without a token': { ...good, access_token: undefined },
  'with an empty token': { ...good, access_token: '' },
  'with a token that is no string': { ...good, access_token: ['abc'] },
  'with a token that would break out of the header': { ...good, access_token: 'abc\r\nX-Evil: 1' },
  'with a token of two words': { ...good, access_token: 'abc def' },
  'without a token type': { ...good, token_type: undefined },
  'with a token that is not a bearer token': { ...good, token_type: 'DPoP' },
  'that is an array': [good],
  'that is null': null,
};

for (const [what, body] of Object.entries(answers)) {
  test(`an answer ${what} is refused, and nothing of it is in the error`, async (t) => {
    const { cloud, ask } = await start(t);
    cloud.setFault(() => reply(200, { 'content-type': 'application/json' }, JSON.stringify(body)));
    await assert.rejects(ask(), {
      name: 'Error',
      message: 'the token endpoint sent no valid bearer token response (RFC 6749 section 5.1)',
    });
  });
}

const statuses: [status: number, body: string, message: string][] = [
  [400, '{"error":"invalid_scope","error_description":"abc"}', 'status 400 (invalid_scope)'],
  [401, '{"error":"invalid_client"}', 'status 401 (invalid_client)'],
  [401, '{"error":"the secret was abc"}', 'status 401'],
  [401, 'null', 'status 401'],
  [500, '<html>', 'status 500'],
  [201, JSON.stringify(good), 'status 201'],
  [204, '', 'status 204'],
  [302, '', 'status 302'],
];

for (const [status, body, message] of statuses) {
  test(`a ${status} with ${body || 'no body'} gives no token, and the error says no more than it may`, async (t) => {
    const { cloud, ask } = await start(t);
    cloud.setFault(() => reply(status, { location: cloud.tokenUrl }, body));
    await assert.rejects(ask(), { name: 'Error', message: `the token endpoint answered with ${message}` });
    assert.equal(cloud.requests.length, 1);
  });
}

const slow: Record<string, RequestListener> = {
  'never answers': () => undefined,
  'never ends its answer': (_request, response) => void response.writeHead(200).write('{'),
};

for (const [what, listener] of Object.entries(slow)) {
  test(`a token endpoint that ${what} is given up in its time: 504, and nothing was sent upstream`, async (t) => {
    const { cloud, ask } = await start(t);
    cloud.setFault(() => listener);
    const logger = { error: () => undefined } as unknown as Logger;
    const token = new ServiceToken(() => ask(200), { clock: systemClock, logger });
    const error = await token.get().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof GatewayError);
    assert.equal(error.rule.status, 504);
    assert.equal(error.code, 'service-token-timeout');
    assert.equal(error.proxyError, 'http_response_timeout');
    assert.deepEqual(error.context, { sent: 'no' });
    assert.equal(cloud.requests.length, 1);
  });
}
