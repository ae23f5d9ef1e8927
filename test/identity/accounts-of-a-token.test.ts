// `accounts: { fromClaim: … }` from outside: however many accounts a token proves, it is those, on every route, in records of a
// bounded size.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { maxRecordBytes } from '../../src/audit/record/fit-record.ts';
import { replay } from '../../src/policy/engine/replay.ts';
import { put } from '../support/call-peering.ts';
import { allowed, guardrailsOnly, peeringsPath } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';
import type { ReplyBody } from '../support/reply-body.ts';
import { until } from '../support/until.ts';
import { startIssuerFor, startWithIssuers } from './issuers-of-tests.ts';

const foreign = { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.60.4.0/22', accountId: '444455556666' };
const accounts = (count: number) =>
  Array.from({ length: count }, (_, number) => String(900_000_000_000 + number));

async function startProving(t: TestContext, claim = 'account', environment: Record<string, string> = {}) {
  const issuer = await startIssuerFor(t);
  const policy = `${guardrailsOnly.replace('["111122223333"]', '["111122223333", "444455556666"]')}
grants:
  - id: own
    callers: [{ all: [{ claim: iss, equals: "${issuer.url}" }, { claim: org, equals: acme }] }]
    actions: [create, list, delete, inspect]
    accounts: { fromClaim: ${JSON.stringify(claim)} }
`;
  const rules = { audiences: ['peergate'], scopes: 'none' };
  const started = await startWithIssuers(t, [{ issuer, rules }], { policy, environment });
  const tokenWith = (claims: object) => issuer.sign({ aud: 'peergate', org: 'acme', ...claims });
  return { ...started, policy, tokenWith };
}

test('of a thousand accounts each one counts, and record and answers stay bounded', async (t) => {
  const { gateway, create, call, policy, tokenWith } = await startProving(t);
  const many = await tokenWith({ account: [...accounts(700), allowed.accountId] });
  assert.equal((await create(many)).status, 201);
  const refused = await create(many, foreign);
  assert.equal(refused.status, 403);
  assert.ok(refused.text.length < 4096);
  assert.equal(refused.json.context.violations[0]?.code, 'account_not_allowed');
  const effective = (await call(many, 'GET', '/policy/effective')).json;
  assert.equal(effective.grants[0]?.accounts?.length, 100);
  assert.equal(effective.shortened['/grants/0/accounts'], 701);
  for (const record of gateway.records) {
    assert.ok(Buffer.byteLength(JSON.stringify(record)) < maxRecordBytes);
    // Which account it was is not in the part of the claim that is recorded.
    const replayed = replay(policyOf(policy), record);
    if (replayed !== undefined) assert.deepEqual(replayed.notRecorded, ['account']);
  }
});

test('a claim of any other form, or an inherited property, proves no account', async (t) => {
  const { gateway, create, tokenWith } = await startProving(t);
  const { accountId } = allowed;
  for (const account of [
    undefined,
    null,
    Number(accountId),
    `${accountId}\n`,
    [accountId, 7],
    [[accountId]],
    { [accountId]: accountId },
    [...accounts(500), ''],
  ])
    assert.equal((await create(await tokenWith({ account }))).status, 403, JSON.stringify(account));
  for (const claim of ['__proto__', 'constructor', '/account/length', '/__proto__/account', '/account/-']) {
    const other = await startProving(t, claim);
    assert.equal((await other.create(await other.tokenWith({ account: [accountId] }))).status, 403, claim);
    assert.deepEqual(other.gateway.apiRequests(), []);
  }
  assert.deepEqual(gateway.apiRequests(), []);
});

test('deletes and the fleet are of the accounts that the token proves, and of no others', async (t) => {
  const { gateway, call, tokenWith } = await startProving(t, 'account', {
    FLEET_REFRESH_SECONDS: '1',
    RATE_LIMIT_PER_MINUTE: '0',
  });
  const own = put(gateway, 'active');
  const others = put(gateway, 'active', foreign);
  const token = await tokenWith({ account: allowed.accountId });
  let fleet!: ReplyBody;
  await until('the fleet is read', async () => {
    const reply = await call(token, 'GET', '/peerings');
    fleet = reply.json;
    return reply.status === 200 && fleet.count > 0;
  });
  assert.deepEqual(
    fleet.peerings.map(({ id }) => id),
    [own],
  );
  const none = await call(await tokenWith({}), 'GET', '/peerings');
  assert.deepEqual([none.status, none.json.count], [200, 0]);
  assert.equal((await call(token, 'DELETE', `${peeringsPath}/${others}`)).status, 403);
  assert.equal((await call(token, 'DELETE', `${peeringsPath}/${own}`)).status, 204);
});
