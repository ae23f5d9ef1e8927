// What a refused token's answer says, and what its log line holds: bounded, and never the token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from 'jose';
import { GatewayError } from '../../src/errors.ts';
import { diagnose, type RefusalReason, refusalOf, TokenRefused } from '../../src/identity/token-refusal.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (header: unknown, payload: unknown) => `${part(header)}.${part(payload)}.c2ln`;
const told = (refused: TokenRefused, token = 'x') => {
  const error = diagnose(refused, token);
  assert.ok(error instanceof GatewayError);
  return error;
};

const sentences: Readonly<Record<RefusalReason, string>> = {
  malformed: 'The access token is not a signed JWT.',
  encoding: 'The encoding of the access token is not the one that is accepted here.',
  issuer: 'The access token is not from an issuer that is trusted here (iss).',
  algorithm: 'The access token is signed with an algorithm that is not accepted here (alg).',
  key: 'The access token is signed with a key that its issuer does not publish (kid).',
  signature: 'The signature of the access token does not verify.',
  type: 'The access token is not of the type that is accepted here (typ).',
  audience: 'The access token is not meant for this service (aud).',
  client: 'The access token is not from a client that is accepted here (client_id).',
  'token-use': 'The access token is not one for access (token_use).',
  'not-yet-valid': 'The access token is not valid yet (nbf, iat).',
  expired: 'The access token has expired.',
  'missing-claim': 'The access token lacks the claim exp.',
  claim: 'The access token has a claim that is not acceptable.',
  time: 'The access token has a time that is not a finite number (exp, nbf, iat).',
  subject: 'The access token names no subject, or one that is too long or has control characters (sub).',
  'sender-bound': 'The access token is bound to a sender, and this service cannot check the proof (cnf).',
  other: 'The access token is not valid here.',
};

test('each failed check has its sentence, and only an expired token is called expired', () => {
  for (const [reason, sentence] of Object.entries(sentences)) {
    const error = told(
      new TokenRefused(reason as RefusalReason, reason === 'missing-claim' ? 'exp' : undefined),
    );
    assert.equal(error.detail, sentence);
    assert.equal(error.code, reason === 'expired' ? 'token-expired' : 'token-invalid');
    assert.equal(error.logged?.['reason'], reason);
  }
});

test('an error that is no refusal is given back as it is', () => {
  for (const error of [new Error('x'), undefined, 'text']) assert.equal(diagnose(error, 'x'), error);
});

test('the log line names issuer, audience, key and algorithm of the token, and nothing else of it', () => {
  const token = tokenOf(
    { kid: 'k', alg: 'ES256', typ: 'secret' },
    { iss: 'i', aud: ['a', 'b'], sub: 'secret' },
  );
  const cause = new Error('why');
  const error = told(new TokenRefused('audience', ['c'], cause), token);
  assert.deepEqual(error.logged, {
    reason: 'audience',
    iss: 'i',
    aud: ['a', 'b'],
    kid: 'k',
    alg: 'ES256',
    expected: ['c'],
  });
  assert.equal(error.cause, cause);
});

test('what a token says of itself is cut: 200 characters of a text, ten of a list, and of anything else its kind', () => {
  const texts = Array.from({ length: 11 }, (_, index) => `${index}${'x'.repeat(300)}`);
  const token = tokenOf({ kid: 7, alg: null }, { iss: 'é'.repeat(201), aud: [...texts.slice(1), texts[0]] });
  const { logged } = told(new TokenRefused('key', undefined), token);
  assert.equal(logged?.['iss'], 'é'.repeat(200));
  assert.deepEqual(
    logged?.['aud'],
    texts.slice(1).map((text) => text.slice(0, 200)),
  );
  assert.deepEqual(
    [logged?.['kid'], logged?.['alg'], logged?.['expected']],
    ['(number)', '(object)', undefined],
  );
  const half = told(new TokenRefused('key'), tokenOf({}, { iss: `${'x'.repeat(199)}\u{1d11e}` }));
  assert.equal(half.logged?.['iss'], `${'x'.repeat(199)}\ufffd`);
  assert.deepEqual(told(new TokenRefused('key'), tokenOf({}, { aud: [{}, [], 1] })).logged?.['aud'], [
    '(object)',
    '(object)',
    '(number)',
  ]);
});

test('a token that cannot be read says nothing of itself', () => {
  for (const token of [
    '',
    'x',
    '!.!.!',
    'e30',
    `${part(7)}.${part(null)}.x`,
    `${part('text')}.${part([])}.x`,
  ]) {
    const { logged } = told(new TokenRefused('malformed'), token);
    assert.deepEqual(
      [logged?.['iss'], logged?.['aud'], logged?.['kid'], logged?.['alg']],
      Array(4).fill(undefined),
    );
  }
});

test('every failure of the library becomes the check that failed, with what is expected', () => {
  const expected = { aud: ['a'], alg: ['ES256'], typ: 'at+jwt' };
  const claim = (name: string, reason?: string, payload = {}) =>
    new errors.JWTClaimValidationFailed('m', payload, name, reason);
  const cases: readonly (readonly [unknown, RefusalReason, unknown?])[] = [
    [new errors.JWTExpired('m', { exp: 1 }, 'exp', 'check_failed'), 'expired'],
    [new errors.JWTExpired('m', { exp: Number.NEGATIVE_INFINITY }, 'exp', 'check_failed'), 'time'],
    [claim('typ', 'check_failed'), 'type', 'at+jwt'],
    [claim('typ', 'missing'), 'type', 'at+jwt'],
    [claim('aud', 'missing'), 'missing-claim', 'aud'],
    [claim('aud', 'check_failed'), 'audience', ['a']],
    [claim('nbf', 'check_failed'), 'not-yet-valid'],
    [claim('nbf', 'invalid'), 'claim', 'nbf'],
    [claim('iat', 'check_failed'), 'claim', 'iat'],
    [new errors.JOSEAlgNotAllowed('m'), 'algorithm', ['ES256']],
    [new errors.JWKSNoMatchingKey(), 'key'],
    [new errors.JWSSignatureVerificationFailed(), 'signature'],
    [new errors.JWSInvalid('m'), 'other'],
    [new Error('m'), 'other'],
  ];
  for (const [error, reason, value] of cases) {
    const refused = refusalOf(error, expected);
    assert.deepEqual([refused.reason, refused.expected, refused.cause], [reason, value, error]);
    assert.equal(refused.message, reason);
  }
});
