// The oracle is worth something only if it is not wrong itself: what it allows and refuses, by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audience } from '../support/issuer.ts';
import { clusterIds, peeringsOf } from './case.ts';
import { readCreate } from './create-body.ts';
import { readMessages } from './messages.ts';
import { judgeClaims } from './mint.ts';
import { judge } from './oracle.ts';
import { knownCluster, knownPeerings } from './peerings.ts';

const body = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};
const claims = { sub: 'svc-payments', scope: 'update:database' };

function verdictOn(text: string, { token = 'good', target = peeringsOf(clusterIds[0]) } = {}) {
  const head = `POST ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
  const { complete, whole } = readMessages(
    Buffer.from(`${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`),
  );
  const [message, ...more] = complete;
  assert.ok(message !== undefined && more.length === 0 && whole);
  return judge(message, (found) => (found === 'good' ? { certain: true, claims } : undefined));
}

test('the oracle allows the upstream exactly the five values, and only of a good create', () => {
  const { statuses, permit } = verdictOn(
    JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, 2),
  );
  assert.deepEqual(statuses, [201, 409]);
  assert.deepEqual(permit, {
    method: 'POST',
    path: `/v1${peeringsOf(clusterIds[0])}`,
    body: JSON.stringify(body),
  });
  for (const [verdict, status] of [
    [verdictOn(JSON.stringify(body), { token: 'other' }), 401],
    [verdictOn(JSON.stringify({ ...body, region: 'ap-south-1' })), 403],
    [verdictOn(JSON.stringify({ ...body, cidrBlock: '10.128.16.0/24' })), 403],
    [verdictOn(JSON.stringify({ ...body, cidrBlock: '10.20.4.1/22' })), 400],
    [verdictOn(JSON.stringify({ ...body, more: 1 })), 400],
    [verdictOn(`${JSON.stringify(body)}${' '.repeat(16_384)}`), 413],
    [verdictOn(JSON.stringify(body), { target: `${peeringsOf(clusterIds[0])}?dryRun=true` }), 200],
    [verdictOn(JSON.stringify(body), { target: peeringsOf(clusterIds[2]) }), 404],
  ] as const) {
    assert.deepEqual(verdict.statuses, [status]);
    assert.equal(verdict.permit, undefined);
  }
});

test('the oracle allows a delete only with its scope and grant, of a peering that lies where the policy says', () => {
  const verdictFor = (
    target: string,
    given: Record<string, unknown> = { sub: 'svc-payments', scope: 'delete:database read:database' },
    method = 'DELETE',
  ) => {
    const text = `${method} ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n\r\n`;
    const [message] = readMessages(Buffer.from(text)).complete;
    assert.ok(message !== undefined);
    return judge(message, () => ({ certain: true, claims: given }));
  };
  const at = (accountId: string, region: string, cluster: string = knownCluster) =>
    `${peeringsOf(cluster)}/${knownPeerings.find((one) => one.accountId === accountId && one.region === region)?.id}`;
  const good = at('111122223333', 'us-east-1');
  const there = at('111122223333', 'eu-west-1');
  const { statuses, permit } = verdictFor(good);
  assert.deepEqual(statuses, [204]);
  assert.deepEqual(permit, { method: 'DELETE', path: `/v1${good}`, body: '' });
  assert.ok(verdictFor(there).permit !== undefined);
  const admin = { sub: 'x', groups: ['network-admins'], scope: 'delete:database' };
  assert.ok(verdictFor(good, admin).permit !== undefined);
  for (const [verdict, status] of [
    [verdictFor(there, admin), 403],
    [verdictFor(at('111122223333', 'ap-south-1')), 403],
    [verdictFor(at('444455556666', 'us-east-1')), 403],
    [verdictFor(good, { sub: 'svc-payments', scope: 'update:database' }), 403],
    [verdictFor(good, { sub: 'svc-reader', scope: 'delete:database' }), 403],
    [verdictFor(at('111122223333', 'us-east-1', clusterIds[0])), 404],
    [verdictFor(`${good}?force=true`), 400],
    [verdictFor(`${peeringsOf(knownCluster)}/x`), 400],
    [verdictFor(`${good}/`), 404],
    [verdictFor(good, undefined, 'POST'), 405],
    [verdictFor(good, undefined, 'GET'), 200],
    [verdictFor(`${good}?timeoutSeconds=5`, undefined, 'GET'), 400],
  ] as const) {
    assert.deepEqual(verdict.statuses, [status]);
    assert.equal(verdict.permit, undefined);
  }
});

test('the oracle sees a member that is named twice, in whatever spelling', () => {
  const text = JSON.stringify(body);
  assert.ok(readCreate(Buffer.from(text)) !== undefined);
  for (const twice of ['"region":"us-east-1"', '"\\u0072egion" :"us-east-1"'])
    assert.equal(readCreate(Buffer.from(text.replace('{', `{${twice},`))), undefined);
  assert.equal(readCreate(Buffer.from(`\ufeff${text}`)), undefined);
  assert.equal(readCreate(Buffer.from(text.replace('us-east', 'us\xff'), 'latin1')), undefined);
});

test('the oracle reads requests by the letter, and stops where they end', () => {
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  assert.equal(readMessages(Buffer.from(`${get}\r\n${get}`)).complete.length, 2);
  for (const broken of [
    get.slice(0, -1),
    get.replace('Host: a', 'Host : a'),
    get.replace('Host: a', 'X: a\r\n b'),
    get.replace('Host: a', 'Content-Length: 1\r\nContent-Length: 1'),
    get.replace('Host: a', 'Transfer-Encoding: gzip, chunked'),
    `${get.replace('Host: a', 'Transfer-Encoding: chunked\r\nContent-Length: 5')}0\r\n\r\n`,
    get.replace('GET', 'GAIN'),
  ])
    assert.deepEqual(readMessages(Buffer.from(broken)), { complete: [], whole: false }, broken);
});

test('the oracle takes claims for good only when all of them are', () => {
  const now = 1_800_000_000;
  const good = { iss: 'i', aud: audience, sub: 's', exp: now + 10_000 };
  assert.equal(judgeClaims(good, 'i', now), 'good');
  assert.equal(judgeClaims({ ...good, exp: now + 1 }, 'i', now), 'unsure');
  for (const bad of [
    { iss: 'j' },
    { aud: [] },
    { sub: '' },
    { exp: now - 10_000 },
    { exp: '1' },
    { nbf: null },
    { iat: now + 10_000 },
    { cnf: {} },
  ])
    assert.equal(judgeClaims({ ...good, ...bad }, 'i', now), 'bad', JSON.stringify(bad));
});
