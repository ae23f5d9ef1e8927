// AUTH_TOKEN_TYPE=at+jwt: only an access token in the full sense of RFC 9068 counts, so that an ID token of the same
// issuer cannot pass for one. Without the setting, the type is not looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTokenRefused } from './assert-token-refused.ts';
import { claimsText, createForge } from './forge.ts';
import { startForged } from './start-forged.ts';

const forge = createForge('ES256');

test('with the token type set, an access token of RFC 9068 is accepted, in both spellings of its type', async (t) => {
  const gateway = await startForged(t, [forge], { AUTH_TOKEN_TYPE: 'at+jwt' });
  for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT', 'Application/At+Jwt']) {
    const token = forge.compact(claimsText(gateway.issuer.url), { typ });
    assert.equal((await gateway.call({ headers: { authorization: `Bearer ${token}` } })).status, 200, typ);
  }
});

test('with the token type set, a token of another type or without one is refused', async (t) => {
  const gateway = await startForged(t, [forge], { AUTH_TOKEN_TYPE: 'at+jwt' });
  for (const typ of [
    'JWT',
    'jwt',
    'application/jwt',
    'dpop+jwt',
    'at+jwt2',
    '',
    'at+jwt ',
    undefined,
    null,
    1,
    ['at+jwt'],
  ]) {
    const token = forge.compact(claimsText(gateway.issuer.url), { typ });
    await t.test(`typ ${JSON.stringify(typ)}`, async () => void (await assertTokenRefused(gateway, token)));
  }
});

test('with the token type set, each claim that RFC 9068 requires must be there and make sense', async (t) => {
  const gateway = await startForged(t, [forge], { AUTH_TOKEN_TYPE: 'at+jwt' });
  for (const claim of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']) {
    const token = forge.compact(claimsText(gateway.issuer.url, { [claim]: undefined }));
    await t.test(`no ${claim}`, async () => void (await assertTokenRefused(gateway, token)));
  }
  for (const claim of ['client_id', 'jti']) {
    for (const value of ['', 17, null, ['payments']]) {
      const token = forge.compact(claimsText(gateway.issuer.url, { [claim]: value }));
      await t.test(
        `${claim} ${JSON.stringify(value)}`,
        async () => void (await assertTokenRefused(gateway, token)),
      );
    }
  }
});

test('without the setting, a token of any type is accepted, with or without the claims of RFC 9068', async (t) => {
  const gateway = await startForged(t, [forge]);
  for (const typ of ['JWT', 'at+jwt', undefined]) {
    const claims = { client_id: undefined, jti: undefined, iat: undefined };
    const token = forge.compact(claimsText(gateway.issuer.url, claims), { typ });
    assert.equal((await gateway.call({ headers: { authorization: `Bearer ${token}` } })).status, 200, typ);
  }
});
