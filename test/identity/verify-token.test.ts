// Which tokens count, check by check: each is refused for the reason that its one fault is, with what would have been
// accepted, and its bounds are exact. Signatures are real; keys and clock are the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from 'jose';
import {
  type Case,
  issuer,
  now,
  principalOf,
  published,
  refusalOf,
  stranger,
  strangers,
  tolerance,
} from './signed-tokens.ts';

const unbound = { audiences: undefined, clients: ['app', 'tool'] };
const rfc9068 = { tokenType: 'at+jwt' } as const;
const complete = { iat: now, jti: 'j', client_id: 'app' };

const { kid: _, ...withoutKid } = published;

const accepted: Readonly<Record<string, Case>> = {
  'one of several audiences': { claims: { aud: ['x', 'other'] } },
  'a token that expired within the tolerance': { claims: { exp: now - tolerance + 1 } },
  'a token that begins within the tolerance': { claims: { nbf: now + tolerance, iat: now + tolerance } },
  'a subject and other names of 512 bytes': {
    claims: { sub: 'é'.repeat(256), client_id: 'x'.repeat(512), azp: 'y'.repeat(512), jti: 'z'.repeat(512) },
  },
  'names of quotes, backslashes and letters of any script': {
    claims: { sub: '"'.repeat(512), client_id: '\\'.repeat(512), azp: '😀'.repeat(128), jti: 'Ж ü\u2028ﷺ' },
  },
  'names that are no text, where none is needed': {
    claims: { client_id: 7, azp: null, cid: {}, appid: [], jti: 1 },
  },
  'a token of RFC 9068': { rules: rfc9068, claims: complete, header: { typ: 'at+jwt' } },
  'the long name of that type': { rules: rfc9068, claims: complete, header: { typ: 'application/AT+JWT' } },
  'any type where none is asked for': { header: { typ: 'x' } },
  'a client without an audience': { rules: unbound, claims: { aud: undefined, client_id: 'tool' } },
  'an access token of Cognito': {
    rules: unbound,
    claims: { aud: undefined, client_id: 'app', token_use: 'access' },
  },
  'any token_use beside an audience': { claims: { token_use: 'id' } },
  'a token whose kid no key has, by a key without one': { header: { kid: 'other' }, keys: [withoutKid] },
  'such a token, by the fourth of several keys without one': {
    header: { kid: 'other' },
    keys: [strangers, strangers, strangers, withoutKid],
  },
  'a token without kid, by one of several keys': { header: { kid: undefined }, keys: [strangers, published] },
};

for (const [what, given] of Object.entries(accepted)) {
  test(`${what} is accepted`, async () => {
    assert.equal((await principalOf(given)).issuer, issuer);
  });
}

const tooLong = `${'é'.repeat(256)}x`;
const refused: Readonly<Record<string, Case & { reason: string; expected?: unknown; code?: string }>> = {
  'another issuer': { claims: { iss: `${issuer}/` }, reason: 'issuer', expected: [issuer] },
  'no issuer': { claims: { iss: undefined }, reason: 'issuer', expected: [issuer] },
  'an issuer that is no text': { claims: { iss: [issuer] }, reason: 'issuer', expected: [issuer] },
  'another audience': { claims: { aud: ['x', 'y'] }, reason: 'audience', expected: ['peergate', 'other'] },
  'no audience': { claims: { aud: undefined }, reason: 'missing-claim', expected: 'aud' },
  'no end': { claims: { exp: undefined }, reason: 'missing-claim', expected: 'exp' },
  'no subject': { claims: { sub: undefined }, reason: 'missing-claim', expected: 'sub' },
  'an end that is over': { claims: { exp: now - tolerance }, reason: 'expired', code: 'token-expired' },
  'an end that is no number': { claims: { exp: 'x' }, reason: 'claim', expected: 'exp' },
  'a beginning that has not come': { claims: { nbf: now + tolerance + 1 }, reason: 'not-yet-valid' },
  'a beginning that is no number': { claims: { nbf: 'x' }, reason: 'claim', expected: 'nbf' },
  'a time of issue that has not come': { claims: { iat: now + tolerance + 1 }, reason: 'not-yet-valid' },
  'an empty subject': { claims: { sub: '' }, reason: 'subject' },
  'a subject that is no text': { claims: { sub: 7 }, reason: 'subject' },
  'a subject of more than 512 bytes': { claims: { sub: tooLong }, reason: 'subject' },
  'a subject with half a character': { claims: { sub: 'a\ud800' }, reason: 'subject' },
  'a client of more than 512 bytes': {
    claims: { client_id: tooLong },
    reason: 'claim',
    expected: 'client_id',
  },
  'an azp of more than 512 bytes': { claims: { azp: tooLong }, reason: 'claim', expected: 'azp' },
  'a cid of more than 512 bytes': { claims: { cid: tooLong }, reason: 'claim', expected: 'cid' },
  'an appid of more than 512 bytes': { claims: { appid: tooLong }, reason: 'claim', expected: 'appid' },
  'an id of more than 512 bytes': { claims: { jti: tooLong }, reason: 'claim', expected: 'jti' },
  ...Object.fromEntries(
    ['\u0000', 'a\u0001', 'a\nb', '\u007f', '\u0085', '\u009f'].flatMap((name) => {
      const spelt = JSON.stringify(name);
      return [
        [`a subject with a control character, ${spelt}`, { claims: { sub: name }, reason: 'subject' }],
        ...['client_id', 'azp', 'cid', 'appid', 'jti'].map((claim) => [
          `a ${claim} with a control character, ${spelt}`,
          { claims: { [claim]: name }, reason: 'claim', expected: claim },
        ]),
      ];
    }),
  ),
  'a proof of possession': { claims: { cnf: null }, reason: 'sender-bound' },
  'another type': {
    rules: rfc9068,
    claims: complete,
    header: { typ: 'JWT' },
    reason: 'type',
    expected: 'at+jwt',
  },
  'no type': { rules: rfc9068, claims: complete, reason: 'type', expected: 'at+jwt' },
  'no time of issue, by RFC 9068': {
    rules: rfc9068,
    claims: { ...complete, iat: undefined },
    header: { typ: 'at+jwt' },
    reason: 'missing-claim',
    expected: 'iat',
  },
  'no id, by RFC 9068': {
    rules: rfc9068,
    claims: { ...complete, jti: undefined },
    header: { typ: 'at+jwt' },
    reason: 'missing-claim',
    expected: 'jti',
  },
  'no client, by RFC 9068': {
    rules: rfc9068,
    claims: { ...complete, client_id: undefined },
    header: { typ: 'at+jwt' },
    reason: 'missing-claim',
    expected: 'client_id',
  },
  'an empty client, by RFC 9068': {
    rules: rfc9068,
    claims: { ...complete, client_id: '' },
    header: { typ: 'at+jwt' },
    reason: 'claim',
    expected: 'client_id and jti',
  },
  'an id that is no text, by RFC 9068': {
    rules: rfc9068,
    claims: { ...complete, jti: 7 },
    header: { typ: 'at+jwt' },
    reason: 'claim',
    expected: 'client_id and jti',
  },
  'an audience where clients are named': {
    rules: unbound,
    claims: { aud: null, client_id: 'app' },
    reason: 'audience',
    expected: 'none',
  },
  'another client': {
    rules: unbound,
    claims: { aud: undefined, client_id: 'apps' },
    reason: 'client',
    expected: ['app', 'tool'],
  },
  'no client where clients are named': {
    rules: unbound,
    claims: { aud: undefined, azp: 'app' },
    reason: 'client',
    expected: ['app', 'tool'],
  },
  'an ID token of Cognito': {
    rules: unbound,
    claims: { aud: undefined, client_id: 'app', token_use: 'id' },
    reason: 'token-use',
    expected: 'access',
  },
  'a use that is no text': {
    rules: unbound,
    claims: { aud: undefined, client_id: 'app', token_use: undefined, ...JSON.parse('{"token_use":null}') },
    reason: 'token-use',
    expected: 'access',
  },
  'an algorithm that is not accepted': {
    rules: { algorithms: ['RS256'] },
    reason: 'algorithm',
    expected: ['RS256'],
  },
  'an unknown key': { header: { kid: 'other' }, reason: 'key' },
  'a kid that no key has, signed by none of the keys without one': {
    header: { kid: 'other' },
    keys: [strangers],
    reason: 'key',
  },
  'a kid that no key has, signed by the fifth of the keys without one': {
    header: { kid: 'other' },
    keys: [strangers, strangers, strangers, strangers, withoutKid],
    reason: 'key',
  },
  'the signature of somebody else': { signer: stranger.privateKey, reason: 'signature' },
  'the signature of nobody, by one of several keys': {
    header: { kid: undefined },
    keys: [strangers, published].map(({ kid: _, ...key }) => key),
    signer: (await generateKeyPair('ES256')).privateKey,
    reason: 'signature',
  },
  'a fault in its claims, by the second of several keys': {
    header: { kid: undefined },
    keys: [strangers, published],
    claims: { aud: 'x' },
    reason: 'audience',
    expected: ['peergate', 'other'],
  },
  'an end that is over, by the second of several keys': {
    header: { kid: undefined },
    keys: [strangers, published],
    claims: { exp: now - 60 },
    reason: 'expired',
    code: 'token-expired',
  },
};

for (const [what, { reason, expected, code = 'token-invalid', ...given }] of Object.entries(refused)) {
  test(`a token with ${what} is refused, and the log says why`, async () => {
    const refusal = await refusalOf(given);
    assert.equal(refusal.code, code);
    assert.deepEqual([refusal.logged['reason'], refusal.logged['expected']], [reason, expected]);
    assert.match(
      refusal.error.headers['WWW-Authenticate'] ?? '',
      /^Bearer realm="peergate", error="invalid_token"/,
    );
  });
}
