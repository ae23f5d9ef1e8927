// An upstream that hangs holds those who need it, and nobody else: denials, health and readiness go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream } from '../acceptance/hold-upstream.ts';
import { assertProblem } from '../support/assert-refused.ts';
import { allowed, send, startTestGateway, type TestGateway, withoutPreflight } from '../support/gateway.ts';
import { createsOf } from './misbehave.ts';

/** Of 32 in flight two are kept for those who need no upstream. */
const most = { MAX_IN_FLIGHT: '32' };
const forwarded = 30;
const denied = { ...allowed, accountId: '999999999999' };

async function assertOthersServed(gateway: TestGateway): Promise<void> {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (let count = 0; count < 10; count += 1) {
    const [refused, wrong] = await Promise.all([gateway.create(denied), gateway.create({})]);
    assertProblem(refused, { status: 403, type: 'auth:unauthorized' });
    assert.equal(refused.json.context.violations[0]?.code, 'account_not_allowed');
    assertProblem(wrong, { status: 400, type: 'validation:failed' });
  }
  assert.equal((await gateway.call({ path: '/policy/effective', headers: { authorization } })).status, 200);
  assert.equal((await gateway.call({ path: '/openapi.json' })).status, 200);
  assert.equal((await gateway.call({})).status, 401);
  for (const path of ['/healthz', '/readyz']) {
    assert.equal((await send(gateway.adminUrl, { path })).status, 200, path);
  }
}

for (const preflight of ['off', 'enforce']) {
  test(`with as many creates hung as may be, everything else is served (PREFLIGHT=${preflight})`, async (t) => {
    const gateway = await startTestGateway(t, { environment: { ...most, PREFLIGHT: preflight } });
    const upstream = holdUpstream(gateway);
    const hung = Array.from({ length: forwarded }, () => gateway.create());
    // With preflight, creates for one cluster go one at a time.
    await upstream.arrived(preflight === 'off' ? forwarded : 1);
    await assertOthersServed(gateway);
    const before = gateway.records.length;
    const refused = await gateway.create();
    assertProblem(refused, { status: 503, type: 'system:unavailable' });
    assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/);
    assert.equal(gateway.records.length, before, 'one too many in flight is only logged');
    assert.equal(createsOf(gateway).length, preflight === 'off' ? forwarded : 1);
    await gateway.cloud.close();
    for (const { status } of await Promise.all(hung)) assert.ok(status >= 502, `${status}`);
  });
}

test('a slot is free again as soon as the upstream has answered', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...most, ...withoutPreflight } });
  const upstream = holdUpstream(gateway);
  const hung = Array.from({ length: forwarded }, () => gateway.create());
  await upstream.arrived(forwarded);
  assert.equal((await gateway.create()).status, 503);
  upstream.release();
  for (const { status } of await Promise.all(hung)) assert.equal(status, 201);
  const next = await Promise.all(Array.from({ length: 10 }, () => gateway.create()));
  assert.deepEqual([...new Set(next.map(({ status }) => status))], [201]);
});

test('a token endpoint that hangs holds no more than the upstream itself', async (t) => {
  const gateway = await startTestGateway(t, { environment: most });
  const arrived = Promise.withResolvers<void>();
  gateway.cloud.setFault(({ path }) => (path === '/oauth/token' ? () => arrived.resolve() : undefined));
  const hung = Array.from({ length: forwarded }, () => gateway.create());
  await arrived.promise;
  await assertOthersServed(gateway);
  assert.equal(createsOf(gateway).length, 0);
  await gateway.cloud.close();
  for (const { status, json } of await Promise.all(hung)) {
    assert.equal(status, 502);
    assert.equal(json.context.sent, 'no');
  }
});
