// Tokens with a perfect signature and claims that must not count (RFC 7519 section 4.1, RFC 8725 section 3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestGateway } from '../support/gateway.ts';
import { audience, startIssuer } from '../support/issuer.ts';
import { assertTokenRefused } from './assert-token-refused.ts';
import { claimsText, createForge, type Json } from './forge.ts';
import { startForged } from './start-forged.ts';

const forge = createForge('ES256');
const now = () => Math.floor(Date.now() / 1000);

const invalid: Readonly<Record<string, (issuer: string) => Json>> = {
  'no iss': () => ({ iss: undefined }),
  'another iss': () => ({ iss: 'https://idp.example' }),
  'iss with a slash more': (issuer) => ({ iss: `${issuer}/` }),
  'iss in another case': (issuer) => ({ iss: issuer.toUpperCase() }),
  'iss as an array': (issuer) => ({ iss: [issuer] }),
  'iss as an object': (issuer) => ({ iss: { [issuer]: issuer } }),
  'iss null': () => ({ iss: null }),
  'iss empty': () => ({ iss: '' }),
  'iss named like a member of every object': () => ({ iss: 'constructor' }),
  'no aud': () => ({ aud: undefined }),
  'another aud': () => ({ aud: 'https://other.example' }),
  'aud with a slash more': () => ({ aud: `${audience}/` }),
  'an array of other audiences': () => ({ aud: ['https://a.example', 'https://b.example'] }),
  'an empty array of audiences': () => ({ aud: [] }),
  'aud as a number': () => ({ aud: 1 }),
  'aud null': () => ({ aud: null }),
  'aud as an object': () => ({ aud: { [audience]: true } }),
  'aud within an array within an array': () => ({ aud: [[audience]] }),
  'no exp': () => ({ exp: undefined }),
  'exp beyond every number': () => ({ exp: '@1e309@' }),
  'exp before every number': () => ({ exp: '@-1e309@' }),
  'exp as a string': () => ({ exp: String(now() + 300) }),
  'exp null': () => ({ exp: null }),
  'exp true': () => ({ exp: true }),
  'exp as an array': () => ({ exp: [now() + 300] }),
  'nbf in the future': () => ({ nbf: now() + 120 }),
  'nbf beyond every number': () => ({ nbf: '@1e309@' }),
  'nbf before every number': () => ({ nbf: '@-1e309@' }),
  'nbf as a string': () => ({ nbf: '0' }),
  'nbf null': () => ({ nbf: null }),
  'iat in the future': () => ({ iat: now() + 120 }),
  'iat beyond every number': () => ({ iat: '@1e309@' }),
  'iat before every number': () => ({ iat: '@-1e309@' }),
  'iat as a string': () => ({ iat: String(now()) }),
  'iat null': () => ({ iat: null }),
  'no sub': () => ({ sub: undefined }),
  'sub empty': () => ({ sub: '' }),
  'sub as a number': () => ({ sub: 17 }),
  'sub as an object': () => ({ sub: { name: 'svc-payments' } }),
  'sub as an array': () => ({ sub: ['svc-payments'] }),
  'sub null': () => ({ sub: null }),
  'names of control characters, each of which JSON writes in six bytes': () =>
    Object.fromEntries(['sub', 'client_id', 'jti'].map((claim) => [claim, '\u0001'.repeat(512)])),
  'sub with a line break': () => ({ sub: 'svc-payments\n' }),
  'jti with a control character': () => ({ jti: '\u0085' }),
  'a key confirmation': () => ({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
  'a certificate confirmation': () => ({
    cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' },
  }),
  'an empty confirmation': () => ({ cnf: {} }),
  'a confirmation that is null': () => ({ cnf: null }),
};

test('a token with a claim that is missing or wrong is refused, whatever its signature', async (t) => {
  const gateway = await startForged(t, [forge]);
  const { url } = gateway.issuer;
  assert.equal((await list(gateway, forge.compact(claimsText(url)))).status, 200, 'unchanged it is accepted');
  for (const [title, claims] of Object.entries(invalid)) {
    const token = forge.compact(claimsText(url, claims(url)));
    await t.test(title, async () => void (await assertTokenRefused(gateway, token)));
  }
});

test('an expired token is refused as expired', async (t) => {
  const gateway = await startForged(t, [forge]);
  for (const [title, exp] of Object.entries({
    'a minute ago': now() - 60,
    'at the epoch': 0,
    'before the epoch': -1,
    'a fraction': now() - 60.5,
    'the lowest number': -Number.MAX_VALUE,
  })) {
    const token = forge.compact(claimsText(gateway.issuer.url, { exp }));
    await t.test(title, async () => void (await assertTokenRefused(gateway, token, 'token-expired')));
  }
});

test('an expired token with a bad signature is not told that it is expired', async (t) => {
  const gateway = await startForged(t, [forge]);
  const stranger = createForge('ES256', { kid: forge.jwk.kid as string });
  const token = stranger.compact(claimsText(gateway.issuer.url, { exp: now() - 60 }));
  await assertTokenRefused(gateway, token);
});

test('an issuer that is not configured is refused and costs nobody a request', async (t) => {
  const gateway = await startForged(t, [forge]);
  const other = await startIssuer();
  t.after(() => other.close());
  await assert.doesNotReject(gateway.create());
  const asked = gateway.issuer.requests.length;
  await assertTokenRefused(gateway, await other.sign());
  assert.deepEqual(other.requests, []);
  assert.equal(gateway.issuer.requests.length, asked);
});

test('claims in every form that the RFCs allow are accepted', async (t) => {
  const gateway = await startForged(t, [forge]);
  const forms: Readonly<Record<string, Json>> = {
    'the audience among others': { aud: ['https://other.example', audience] },
    'times with fractions': { exp: now() + 300.5, iat: now() - 0.5, nbf: now() - 0.5 },
    'a time far away': { exp: Number.MAX_SAFE_INTEGER },
    'no iat and no jti': { iat: undefined, jti: undefined },
    'names of quotes, each of which JSON writes in two bytes': Object.fromEntries(
      ['client_id', 'jti'].map((claim) => [claim, '"'.repeat(512)]),
    ),
    'a nested JSON value that nobody asks for': { ['https://acme.example/x']: { cnf: { deep: [1] } } },
  };
  for (const [title, claims] of Object.entries(forms)) {
    await t.test(title, async () => {
      const reply = await list(gateway, forge.compact(claimsText(gateway.issuer.url, claims)));
      assert.equal(reply.status, 200, reply.text);
    });
  }
});

test('the clock tolerance widens the lifetime of a token at both ends, by what is set and no more', async (t) => {
  const wide = await startForged(t, [forge], { AUTH_CLOCK_TOLERANCE_SECONDS: '60' });
  const none = await startForged(t, [forge], { AUTH_CLOCK_TOLERANCE_SECONDS: '0' });
  const near = {
    'exp 30 s ago': { exp: now() - 30 },
    'nbf in 30 s': { nbf: now() + 30 },
    'iat in 30 s': { iat: now() + 30 },
  };
  const far = {
    'exp 90 s ago': { exp: now() - 90 },
    'nbf in 90 s': { nbf: now() + 90 },
    'iat in 90 s': { iat: now() + 90 },
  };
  for (const [title, claims] of Object.entries(near)) {
    await t.test(`${title} is within 60 s`, async () => {
      assert.equal((await list(wide, forge.compact(claimsText(wide.issuer.url, claims)))).status, 200);
    });
    await t.test(`${title} is not within 0 s`, async () => {
      const code = 'exp' in claims ? 'token-expired' : 'token-invalid';
      await assertTokenRefused(none, forge.compact(claimsText(none.issuer.url, claims)), code);
    });
  }
  for (const [title, claims] of Object.entries(far)) {
    await t.test(`${title} is not within 60 s`, async () => {
      const code = 'exp' in claims ? 'token-expired' : 'token-invalid';
      await assertTokenRefused(wide, forge.compact(claimsText(wide.issuer.url, claims)), code);
    });
  }
});

const list = (gateway: TestGateway, token: string) =>
  gateway.call({ headers: { authorization: `Bearer ${token}` } });
