// The two rate limits: how much is counted for whom, what an answer says about it, and that neither the upstream nor the
// caller has a say in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused, type Refusal } from '../../support/assert-refused.ts';
import { type Reply, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';

const limited: Refusal = { status: 429, type: 'ratelimit:exceeded', recorded: undefined };

const list = (gateway: TestGateway, token: string, headers: Record<string, string> = {}) =>
  gateway.call({ headers: { authorization: `Bearer ${token}`, ...headers } });

/** draft-ietf-httpapi-ratelimit-headers-08: in each of the two fields one line for each limit, by its name. */
function assertRateLimit(reply: Reply, name: string, expected: { quota: number; remaining: number }): void {
  const find = (field: string) =>
    [reply.headers[field]].flat().find((text) => text?.startsWith(`"${name}"; `)) ?? '';
  const item = find('ratelimit');
  const policy = find('ratelimit-policy');
  const seconds = Number(/; t=(\d+)/.exec(item)?.[1]);
  assert.match(item, new RegExp(`; r=${expected.remaining};`));
  assert.ok(seconds >= 0 && seconds <= 60, item);
  assert.match(policy, new RegExp(`; q=${expected.quota}; w=60`));
}

function assertRetryAfter(reply: Reply): void {
  const seconds = Number(reply.headers['retry-after']);
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(reply.headers['retry-after']));
}

test('one address gets so many requests in a minute, whatever they are for, and then 429 unrecorded', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_ADDRESS_PER_MINUTE: '4' } });
  const token = await gateway.issuer.sign();
  const first = await list(gateway, token);
  assertRateLimit(first, 'address', { quota: 4, remaining: 3 });
  await list(gateway, 'x.y.z');
  await gateway.call({});
  assertRateLimit(await gateway.call({ path: '/openapi.json' }), 'address', { quota: 4, remaining: 0 });
  const denied = await assertRefused(gateway, () => list(gateway, token), limited);
  assertRateLimit(denied, 'address', { quota: 4, remaining: 0 });
  assertRetryAfter(denied);
  assert.equal(denied.headers['www-authenticate'], undefined);
  await assertRefused(gateway, () => gateway.create(), limited);
  await assertRefused(gateway, () => gateway.call({ path: '/openapi.json' }), limited);
});

test('what is no route, or a wrong method, counts for its address, and is not looked at beyond the limit', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_ADDRESS_PER_MINUTE: '3' } });
  const unknown = { path: '/nothing-is-here' };
  const wrong = { method: 'PUT' } as const;
  const first = await gateway.call(unknown);
  assert.equal(first.status, 404);
  assertRateLimit(first, 'address', { quota: 3, remaining: 2 });
  const second = await gateway.call(wrong);
  assert.equal(second.status, 405);
  assertRateLimit(second, 'address', { quota: 3, remaining: 1 });
  assertRateLimit(await gateway.call({}), 'address', { quota: 3, remaining: 0 });
  await assertRefused(gateway, () => gateway.call(unknown), limited);
  await assertRefused(gateway, () => gateway.call(wrong), limited);
});

test('an address that is limited is refused before its token is verified', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_ADDRESS_PER_MINUTE: '1' } });
  assert.equal((await list(gateway, await gateway.issuer.sign())).status, 200);
  const asked = gateway.issuer.requests.length;
  const unknownKey = await gateway.issuer.sign({}, { kid: 'unknown' });
  await assertRefused(gateway, () => list(gateway, unknownKey), limited);
  assert.equal(gateway.issuer.requests.length, asked);
});

test('each address has a limit of its own; the addresses of one IPv6 customer have one together', async (t) => {
  const environment = { RATE_LIMIT_ADDRESS_PER_MINUTE: '1', TRUST_PROXY: '127.0.0.1' };
  const gateway = await startTestGateway(t, { environment });
  const from = (address: string) => gateway.call({ headers: { 'x-forwarded-for': address } });
  for (const address of ['203.0.113.1', '203.0.113.2', '2001:db8:1:100::1', '2001:db8:1:200::1']) {
    assert.equal((await from(address)).status, 401, address);
    assert.equal((await from(address)).status, 429, address);
  }
  assert.equal((await from('2001:db8:1:1ff::9')).status, 429);
  assert.equal((await from('2001:DB8:1:100:0::1')).status, 429);
  assert.equal((await from('::ffff:203.0.113.1')).status, 429);
  assert.equal((await from('203.0.113.1:4711')).status, 429);
  assert.equal((await from('198.51.100.9, 203.0.113.1')).status, 429);
});

test('one caller gets so many requests in a minute, and then 429 unrecorded, with nothing sent', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_PER_MINUTE: '2' } });
  assertRateLimit(await gateway.create(), 'caller', { quota: 2, remaining: 1 });
  const second = await gateway.create({}, { 'x-request-id': 'second' });
  assert.equal(second.status, 400, 'a refused request counts too');
  assertRateLimit(second, 'caller', { quota: 2, remaining: 0 });
  const denied = await assertRefused(gateway, () => gateway.create(), limited);
  assertRateLimit(denied, 'caller', { quota: 2, remaining: 0 });
  assertRateLimit(denied, 'address', { quota: 600, remaining: 597 });
  assertRetryAfter(denied);
  const token = await gateway.issuer.sign({ scope: '' });
  await assertRefused(gateway, () => list(gateway, token), limited);
});

test('a caller is an issuer and a subject, whichever token, client or address it uses', async (t) => {
  const other = await startIssuer();
  const issuer = await startIssuer();
  t.after(() => Promise.all([other.close(), issuer.close()]));
  const environment = { RATE_LIMIT_PER_MINUTE: '1', AUTH_ISSUERS: `${issuer.url},${other.url}` };
  const gateway = await startTestGateway(t, { issuer, environment });
  assert.equal((await list(gateway, await issuer.sign())).status, 200);
  assert.equal(
    (await list(gateway, await issuer.sign({ client_id: 'another', jti: 'another' }))).status,
    429,
  );
  assert.equal((await list(gateway, await issuer.sign({ sub: 'svc-billing' }))).status, 200);
  assert.equal((await list(gateway, await other.sign())).status, 200);
  assert.equal((await list(gateway, await other.sign())).status, 429);
  assert.equal((await list(gateway, await issuer.sign({ sub: 'SVC-PAYMENTS' }))).status, 200);
});

test('nobody can use up the requests of a caller with tokens that do not verify', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_PER_MINUTE: '1' } });
  const good = await gateway.issuer.sign();
  const forged = `${good.slice(0, good.lastIndexOf('.'))}.${'A'.repeat(86)}`;
  for (let count = 0; count < 5; count += 1) assert.equal((await list(gateway, forged)).status, 401);
  assert.equal((await list(gateway, good)).status, 200);
});

test('a limit of 0 is no limit, and no header speaks of it', async (t) => {
  const environment = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };
  const gateway = await startTestGateway(t, { environment });
  const token = await gateway.issuer.sign();
  const replies = await Promise.all(Array.from({ length: 100 }, () => list(gateway, token)));
  for (const { status, headers } of replies) {
    assert.equal(status, 200);
    assert.equal(headers['ratelimit'], undefined);
    assert.equal(headers['ratelimit-policy'], undefined);
  }
});

test('the rate-limit headers are the gateway’s own, also on an answer of the upstream that has such', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.cloud.setFault(({ path }) =>
    path === '/oauth/token'
      ? undefined
      : (_request, response) => {
          response.writeHead(429, {
            'content-type': 'application/problem+json',
            'retry-after': '17',
            ratelimit: '"upstream"; r=0; t=17',
            'ratelimit-policy': '"upstream"; q=1; w=17',
            'x-ratelimit-limit': '1',
            'x-ratelimit-remaining': '0',
          });
          response.end('{"status":429}');
        },
  );
  const reply = await list(gateway, await gateway.issuer.sign());
  assert.equal(reply.status, 429);
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=429');
  assert.equal(reply.headers['retry-after'], '17');
  assertRateLimit(reply, 'caller', { quota: 60, remaining: 59 });
  assert.doesNotMatch(JSON.stringify(reply.headers), /upstream|x-ratelimit/);
});
