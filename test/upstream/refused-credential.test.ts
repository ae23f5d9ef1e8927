// A 401 of the upstream is about the gateway's own credential: the token is renewed and the request repeated, once.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { isOwnRead, startTestGateway, type TestGateway, withoutPreflight } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import {
  assertFailure,
  assertNextIsClean,
  breakApi,
  breakEveryCall,
  bytes,
  createsOf,
  head,
  jsonBody,
  marker,
  reply,
} from './misbehave.ts';

const problem = {
  type: 'urn:aerospike:errors:auth:unauthorized',
  title: 'Unauthorized',
  status: 401,
  extra: [1, {}],
};
const refusal = reply(
  401,
  { 'content-type': 'application/problem+json', 'www-authenticate': `Bearer realm="${marker}"` },
  JSON.stringify(problem),
);

const refusedTwice = {
  sent: 'yes',
  proxyError: 'proxy_configuration_error; received-status=401',
  code: 'credential-refused',
  seen: 2,
  statusId: 2,
} as const;

/** The first API call from now on is answered so, the later ones as usual. */
function breakOnce(gateway: TestGateway, listener: RequestListener): void {
  gateway.cloud.setFault((seen) => {
    if (!seen.path.startsWith('/v1/') || isOwnRead(seen)) return undefined;
    gateway.cloud.setFault(undefined);
    return listener;
  });
}

test('a revoked token is renewed and the create repeated once, and the caller sees only the success', async (t) => {
  // With preflight, a read would meet the 401 before the create does.
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  assert.equal((await gateway.create()).status, 201);
  gateway.cloud.revokeTokens();
  const answer = await gateway.create(undefined, { 'x-request-id': 'order-17' });
  assert.equal(answer.status, 201);
  assert.equal(gateway.cloud.tokenRequests, 2);
  const [, refused, repeated, ...more] = gateway.forwarded();
  assert.equal(more.length, 0);
  assert.notEqual(refused?.headers.authorization, repeated?.headers.authorization);
  assert.equal(refused?.body, repeated?.body);
  assert.equal(refused?.headers['x-request-id'], 'order-17');
  assert.equal(repeated?.headers['x-request-id'], 'order-17');
  const [, , intent, outcome, ...rest] = gateway.records;
  assert.equal(rest.length, 0);
  assert.equal(intent?.metadata.event_code, 'peering.create.intent');
  assert.equal(outcome?.status_id, 1);
  await assertNextIsClean(gateway);
  assert.equal(gateway.cloud.tokenRequests, 2);
});

test('a list is repaired in the same way', async (t) => {
  const gateway = await startTestGateway(t);
  const list = async () =>
    gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign()}` } });
  assert.equal((await list()).status, 200);
  gateway.cloud.revokeTokens();
  assert.equal((await list()).status, 200);
  assert.equal(gateway.cloud.tokenRequests, 2);
  assert.equal(gateway.forwarded().length, 3);
  assert.equal(gateway.records.length, 2);
});

test('any number of creates refused at once cause one renewal, and each is repeated once', async (t) => {
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  const held: (() => void)[] = [];
  breakApi(gateway, (request, response) => {
    held.push(() => refusal(request, response));
    if (held.length < 20) return;
    breakApi(gateway, undefined);
    gateway.cloud.revokeTokens();
    for (const refuse of held) refuse();
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.create()));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  assert.equal(gateway.cloud.tokenRequests, 2);
  assert.equal(gateway.forwarded().length, 2 * 20);
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 20);
});

test('a second 401 is a 502 with the problem of the upstream inside, and no challenge of it', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, refusal);
  const answer = await gateway.create();
  assertFailure(gateway, answer, refusedTwice);
  assert.deepEqual(answer.json.context, { sent: 'yes', upstream: problem });
  assert.equal(answer.headers['www-authenticate'], undefined);
  assert.equal(gateway.cloud.tokenRequests, 2);
  await assertNextIsClean(gateway);
});

const unreadable: Record<string, RequestListener> = {
  'an HTML page': reply(401, { 'content-type': 'text/html' }, `<html>${marker}</html>`),
  'no body': reply(401, {}),
  'text that claims to be JSON': reply(401, { 'content-type': 'application/json' }, `{${marker}`),
  'a body that breaks off': bytes(
    head('401 Unauthorized', 'Content-Type: application/json', 'Content-Length: 999') + jsonBody,
  ),
  'a body over 1 MiB': reply(
    401,
    { 'content-type': 'application/json' },
    JSON.stringify(marker.repeat(100_000)),
  ),
  'a body nested very deep': reply(
    401,
    { 'content-type': 'application/json' },
    '['.repeat(200_000) + ']'.repeat(200_000),
  ),
  'a compressed body': reply(
    401,
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    jsonBody,
  ),
};

for (const [what, listener] of Object.entries(unreadable)) {
  test(`a 401 with ${what} is a 401 all the same, and its body stays behind`, async (t) => {
    const gateway = await startTestGateway(t);
    breakOnce(gateway, listener);
    assert.equal((await gateway.create()).status, 201);
    assert.equal(gateway.forwarded().length, 2);
    const stubborn = await startTestGateway(t);
    breakApi(stubborn, listener);
    const answer = await stubborn.create();
    assertFailure(stubborn, answer, refusedTwice);
    assert.deepEqual(answer.json.context, { sent: 'yes' });
    await assertNextIsClean(stubborn);
  });
}

test('another answer to the repeated create passes through', async (t) => {
  const gateway = await startTestGateway(t);
  const forbidden = reply(403, { 'content-type': 'application/problem+json' }, '{"status":403}');
  breakApi(gateway, (request, response) => {
    breakApi(gateway, forbidden);
    refusal(request, response);
  });
  const answer = await gateway.create();
  assert.equal(answer.status, 403);
  assert.equal(answer.text, '{"status":403}');
  assert.equal(gateway.forwarded().length, 2);
  assert.equal(gateway.records.at(-1)?.status_id, 2);
});

test('a repeated create that gets no answer may have arrived, and is not repeated again', async (t) => {
  const gateway = await startTestGateway(t);
  breakApi(gateway, (request, response) => {
    breakApi(gateway, bytes(''));
    refusal(request, response);
  });
  assertFailure(gateway, await gateway.create(), {
    sent: 'maybe',
    proxyError: 'connection_terminated',
    code: 'upstream-unreachable',
    seen: 2,
    statusId: 0,
  });
  await assertNextIsClean(gateway);
});

const noNewToken: Record<
  string,
  [listener: RequestListener, code: string, status: 502 | 504, error: string]
> = {
  'answers 500': [reply(500, {}, marker), 'service-token-unavailable', 502, 'proxy_configuration_error'],
  'refuses the credential': [
    reply(401, { 'content-type': 'application/json' }, '{"error":"invalid_client"}'),
    'service-token-unavailable',
    502,
    'proxy_configuration_error',
  ],
  'hangs up': [
    (request) => void request.socket.resetAndDestroy(),
    'service-token-unavailable',
    502,
    'connection_terminated',
  ],
  hangs: [() => undefined, 'service-token-timeout', 504, 'http_response_timeout'],
};

for (const [what, [listener, code, status, error]] of Object.entries(noNewToken)) {
  test(`a token that is refused while the token endpoint ${what} is a ${status}: no token, no create, nothing of the credential's fault`, async (t) => {
    const gateway = await startTestGateway(t);
    const asked = Promise.withResolvers<void>();
    breakApi(gateway, (request, response) => {
      gateway.cloud.setFault(({ path }) => {
        if (path === '/oauth/token') asked.resolve();
        return path === '/oauth/token' ? listener : undefined;
      });
      refusal(request, response);
    });
    const creating = gateway.create();
    await asked.promise;
    const answer = await creating;
    assertFailure(gateway, answer, {
      status,
      // A 401 certainly did nothing.
      sent: 'no',
      proxyError: `${error}; received-status=401`,
      code,
      seen: 1,
      statusId: 2,
    });
    assert.deepEqual(answer.json.context, { sent: 'no' });
    assert.match(answer.json.detail, /refused the previous token, so the request was not processed/);
    assert.equal(gateway.records.at(-1)?.api.response.code, 401);
    await assertNextIsCleanAfterPause(gateway);
  });
}

/** The token endpoint is asked again only after a while. */
async function assertNextIsCleanAfterPause(gateway: TestGateway): Promise<void> {
  gateway.cloud.setFault(undefined);
  await until('a create goes through', async () => (await gateway.create()).status === 201);
}

test('a create that was refused with 401 while no token is to be had frees its Idempotency-Key', async (t) => {
  // Without preflight, only a create in doubt is preceded by a read.
  const gateway = await startTestGateway(t, { environment: withoutPreflight });
  breakApi(gateway, (request, response) => {
    gateway.cloud.setFault(({ path }) => (path === '/oauth/token' ? reply(500, {}) : undefined));
    refusal(request, response);
  });
  const keyed = { 'idempotency-key': 'order-17' };
  assert.equal((await gateway.create(undefined, keyed)).status, 502);
  gateway.cloud.setFault(undefined);
  await until('a create goes through', async () => (await gateway.create(undefined, keyed)).status === 201);
  const lists = gateway.apiRequests().filter(({ method }) => method === 'GET');
  assert.equal(lists.length, 0, 'nothing is in doubt');
});

test('a preflight that is refused while no new token is to be had is answered in the same way, and no create follows', async (t) => {
  const gateway = await startTestGateway(t);
  breakEveryCall(gateway, (request, response) => {
    gateway.cloud.setFault(({ path }) => (path === '/oauth/token' ? reply(500, {}) : undefined));
    refusal(request, response);
  });
  const answer = await gateway.create();
  assert.equal(answer.status, 502);
  assert.deepEqual(answer.json.context, { sent: 'no' });
  assert.equal(createsOf(gateway).length, 0);
  assert.equal(gateway.records.at(-1)?.status_code, 'service-token-unavailable');
  assert.equal(gateway.records.at(-1)?.metadata.event_code, 'peering.create.refused');
});

test('a 401 whose body never ends is too slow, is not repeated, and leads to a new token', async (t) => {
  const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '600' } });
  breakApi(gateway, (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).write(marker);
  });
  assertFailure(gateway, await gateway.create(), {
    status: 504,
    sent: 'yes',
    proxyError: 'http_response_timeout; received-status=401',
    code: 'upstream-timeout',
    statusId: 0,
  });
  await assertNextIsClean(gateway);
  assert.equal(gateway.cloud.tokenRequests, 2);
});
