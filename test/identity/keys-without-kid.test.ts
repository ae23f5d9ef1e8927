// Keys that are published without a `kid`: tokens that have one are verified with them, within a bound, and a new key is still
// found at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { startIssuerFor, startWithIssuers } from './issuers-of-tests.ts';

async function makeKey(kid?: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const published: JWK = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return { published, privateKey };
}

test('a token whose kid no key has is accepted if a key without kid verifies it', async (t) => {
  const issuer = await startIssuerFor(t);
  const keys = await Promise.all([makeKey(), makeKey(), makeKey('named'), makeKey()]);
  issuer.keys = keys.map(({ published }) => published);
  const { call } = await startWithIssuers(t, [{ issuer, rules: { audiences: ['a'] } }]);
  const sign = (key: CryptoKey, kid: string | undefined) =>
    new SignJWT({ iss: issuer.url, aud: 'a', sub: 's', jti: Math.random().toString() })
      .setExpirationTime('5 minutes')
      .setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) })
      .sign(key);
  const accepted = async (token: string) => (await call(token, 'GET', '/policy/effective')).status === 200;
  assert.equal(await accepted(await sign(keys[0].privateKey, undefined)), true);
  const fetched = issuer.requests.length;
  for (const [at, { privateKey }] of keys.entries()) {
    assert.equal(await accepted(await sign(privateKey, 'unknown')), at !== 2, String(at));
    assert.equal(await accepted(await sign(privateKey, undefined)), true);
  }
  const stranger = await makeKey();
  assert.equal(await accepted(await sign(stranger.privateKey, 'unknown')), false);
  assert.ok(issuer.requests.length <= fetched + 2, 'one refresh, whatever comes');
});

test('beside keys without kid a new key is found at once', async (t) => {
  const issuer = await startIssuerFor(t);
  const [old, next] = [await makeKey(), await makeKey('next')];
  issuer.keys = [old.published];
  const { call } = await startWithIssuers(t, [{ issuer, rules: { audiences: ['a'] } }]);
  issuer.keys = [old.published, next.published];
  const token = await new SignJWT({ iss: issuer.url, aud: 'a', sub: 's' })
    .setExpirationTime('5 minutes')
    .setProtectedHeader({ alg: 'ES256', kid: 'next' })
    .sign(next.privateKey);
  assert.equal((await call(token, 'GET', '/policy/effective')).status, 200);
});
