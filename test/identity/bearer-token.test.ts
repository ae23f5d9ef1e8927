// Where a token is taken from, and what a caller is told who sent none that counts (RFC 6750).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/errors.ts';
import { challenge, insufficientScope, readBearerToken } from '../../src/identity/bearer-token.ts';

const refusalOf = (...rawHeaders: string[]): GatewayError => {
  try {
    return assert.fail(readBearerToken(rawHeaders));
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error;
  }
};

test('the token is what stands behind Bearer in the one Authorization header', () => {
  for (const value of ['Bearer a.b-c_d~e+f/g==', 'bearer   a', 'BEARER 0='])
    assert.equal(readBearerToken(['Host', 'h', 'authorization', value]), value.split(/ +/)[1]);
});

test('without an Authorization header there is a challenge without an error', () => {
  const { code, headers } = refusalOf('X', 'Bearer a');
  assert.deepEqual([code, headers], ['token-missing', { 'WWW-Authenticate': 'Bearer realm="peergate"' }]);
});

test('two Authorization headers are refused, whatever they say', () => {
  const { code, headers } = refusalOf('Authorization', 'Bearer a', 'authorization', 'Bearer a');
  assert.equal(code, 'token-duplicated');
  assert.equal(
    headers['WWW-Authenticate'],
    'Bearer realm="peergate", error="invalid_request", error_description="The request carries more than one Authorization header."',
  );
});

test('any other form of the header is an invalid token, and is logged as such', () => {
  const odd = [
    '',
    'Bearer',
    'Bearer ',
    'Basic a',
    'Bearer a b',
    'Bearer a,b',
    'xBearer a',
    'Bearer =',
    'Bearer a=b',
    'Bearer\ta',
    'Bearer é',
  ];
  for (const value of [...odd, 'Bearera', ' Bearer a', 'Bearer a ']) {
    const { code, detail, logged, headers } = refusalOf('Authorization', value);
    assert.deepEqual([code, logged], ['token-invalid', { reason: 'header' }], value);
    assert.equal(detail, 'The Authorization header is not "Bearer" and a token.');
    assert.equal(
      headers['WWW-Authenticate'],
      `Bearer realm="peergate", error="invalid_token", error_description="The Authorization header is not 'Bearer' and a token."`,
    );
  }
});

test('a challenge carries no quotation mark or backslash of a sentence, and keeps cause and log fields', () => {
  const cause = new Error('c');
  const error = challenge('token-expired', { detail: 'a "b" \\c', cause, logged: { reason: 'expired' } });
  assert.deepEqual([error.code, error.cause, error.logged], ['token-expired', cause, { reason: 'expired' }]);
  assert.equal(
    error.headers['WWW-Authenticate'],
    `Bearer realm="peergate", error="invalid_token", error_description="a 'b' 'c"`,
  );
});

test('a missing scope is named, in the sentence and for a program', () => {
  const error = insufficientScope('update:database');
  assert.deepEqual(
    [error.code, error.detail],
    ['scope-missing', 'The access token lacks the scope update:database.'],
  );
  assert.equal(
    error.headers['WWW-Authenticate'],
    'Bearer realm="peergate", error="insufficient_scope", error_description="The access token lacks the scope update:database.", scope="update:database"',
  );
});
