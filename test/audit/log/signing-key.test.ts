// Keys of checkpoints are asymmetric JWKs with one algorithm each; what is refused is refused without a word of the file.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { signCheckpoint, verifyCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import { readSigningKey, readVerificationKeys, toSigningKey } from '../../../src/audit/log/signing-key.ts';
import { writeLogs } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';

const checkpoint = {
  chain: 'e2b1c6f0-5d3a-4c7e-9f57-1a2b3c4d5e6f',
  sequence: 1,
  fingerprint: 'ab'.repeat(32),
  time: 5,
};
const ec = await makeKeys('ES256');
const ed = await makeKeys('EdDSA');
const rsa = await makeKeys('PS256');
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
  format: 'jwk',
}) as JWK;
const between = generateKeyPairSync('rsa', { modulusLength: 1536 }).privateKey.export({
  format: 'jwk',
}) as JWK;
const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }) as JWK;
const secret = { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ', alg: 'HS256' };
const without = (jwk: JWK, ...names: string[]): JWK =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name))) as JWK;

const readPrivate = async (content: string) => {
  const [path = ''] = await writeLogs({ 'key.jwk': content });
  return readSigningKey(path);
};

/** Of a text or of any value in it. */
function assertQuotesNothing(message: string, content: string): void {
  for (const piece of content.match(/[\w-]{8,}/g) ?? []) assert.doesNotMatch(message, new RegExp(piece));
}

test('a private key signs, and its public part verifies, under its own name or its thumbprint', async () => {
  for (const { privateJwk, publicJwk } of [
    ec,
    ed,
    rsa,
    await makeKeys('ES384'),
    await makeKeys('RS256', 'named'),
  ]) {
    const signing = await toSigningKey(await readPrivate(JSON.stringify(privateJwk)));
    assert.equal(signing.keyId, privateJwk.kid ?? (await calculateJwkThumbprint(publicJwk)));
    const jws = signCheckpoint(checkpoint, signing);
    assert.deepEqual(
      await verifyCheckpoint(jws, await readVerificationKeys(JSON.stringify(publicJwk))),
      checkpoint,
    );
  }
});

test('without an algorithm of its own a key has the usual one for its type', async () => {
  const algorithms = [ec, ed, rsa, await makeKeys('ES512')].map(async ({ publicJwk }) => {
    const [key] = await readVerificationKeys(JSON.stringify(without(publicJwk, 'alg')));
    return key?.algorithm;
  });
  assert.deepEqual(await Promise.all(algorithms), ['ES256', 'EdDSA', 'PS256', 'ES512']);
});

test('Ed25519 is another name for the algorithm of an Ed25519 key, and of no other', async () => {
  const [key] = await readVerificationKeys(JSON.stringify({ ...ed.publicJwk, alg: 'Ed25519' }));
  assert.equal(key?.algorithm, 'EdDSA');
  for (const jwk of [
    { ...ec.publicJwk, alg: 'Ed25519' },
    { ...ed.publicJwk, alg: 'ES256' },
    { ...ed.publicJwk, alg: '' },
    { ...ed.publicJwk, kty: 'EC' },
    { ...ed.publicJwk, kty: 'AKP' },
    { ...ec.publicJwk, kty: 'OKP' },
    { ...ec.publicJwk, kty: 'AKP' },
    without(ec.publicJwk, 'crv'),
  ])
    await assert.rejects(readVerificationKeys(JSON.stringify(jwk)), /no public JWK of a kind that signs/);
});

test('a private key is refused to verify with: it belongs to the gateway alone', async () => {
  for (const { privateJwk, publicJwk } of [ec, ed, rsa])
    for (const text of [privateJwk, { keys: [publicJwk, privateJwk] }])
      await assert.rejects(readVerificationKeys(JSON.stringify(text)), (error: Error) => {
        assert.match(error.message, /^a private key; give the public one/);
        assertQuotesNothing(error.message, JSON.stringify(text));
        return true;
      });
});

test('a set of keys is read as a whole', async () => {
  const set = { keys: [ec.publicJwk, ed.publicJwk, rsa.publicJwk] };
  const keys = await readVerificationKeys(JSON.stringify(set));
  assert.deepEqual(
    keys.map(({ algorithm }) => algorithm),
    ['ES256', 'EdDSA', 'PS256'],
  );
});

test('what no checkpoint can be verified with is refused, and quoted nowhere', async () => {
  const bad: unknown[] = [
    'no JSON, but-a-secret-word',
    [],
    null,
    'text-of-the-file',
    {},
    { keys: [] },
    { keys: [null] },
    { keys: ['text-of-the-file'] },
    { keys: [ec.publicJwk, secret] },
    secret,
    x25519,
    shortRsa,
    without(between, 'd', 'p', 'q', 'dp', 'dq', 'qi'),
    { ...ec.publicJwk, alg: 'HS256' },
    { ...ec.publicJwk, alg: 'none' },
    { ...ec.publicJwk, alg: 'ES384' },
    { ...rsa.publicJwk, alg: 'RSA-OAEP' },
    { ...ec.publicJwk, crv: 'secp256k1' },
    { ...ec.publicJwk, x: 'x-is-not-on-the-curve' },
    { ...ec.publicJwk, y: undefined },
    { ...ed.publicJwk, x: ['text-of-the-file'] },
    without(rsa.publicJwk, 'n'),
    without(rsa.publicJwk, 'e'),
  ];
  for (const value of bad) {
    const content = value === bad[0] ? String(value) : JSON.stringify(value);
    await assert.rejects(readVerificationKeys(content), (error: Error) => {
      assert.match(
        error.message,
        /^(no JSON object|no key in the set|no public JWK of a kind that signs|a private key; .*|a public JWK that is not valid|an RSA key of less than 2048 bits)$/,
      );
      assertQuotesNothing(error.message, content);
      return true;
    });
  }
});

test('what no checkpoint can be signed with is refused, and quoted nowhere', async () => {
  const bad: unknown[] = [
    'no JSON, but-a-secret-word',
    ec.publicJwk,
    rsa.publicJwk,
    secret,
    x25519,
    shortRsa,
    { keys: [ec.privateJwk] },
    { ...ec.privateJwk, alg: 'HS256' },
    { ...ec.privateJwk, d: 'nonsense-nonsense' },
    { ...rsa.privateJwk, p: 'nonsense-nonsense' },
    // Each is valid, and what one signs does not hold by the other.
    { ...ec.publicJwk, d: (await makeKeys('ES256')).privateJwk.d },
    { ...ed.publicJwk, d: (await makeKeys('EdDSA')).privateJwk.d },
  ];
  for (const value of bad) {
    const content = value === bad[0] ? String(value) : JSON.stringify(value);
    await assert.rejects(readPrivate(content), (error: Error) => {
      assert.match(
        error.message,
        /^(no JSON object|no private JWK|a private JWK that is not valid|an RSA key .*)$/,
      );
      assertQuotesNothing(error.message, content);
      return true;
    });
  }
});
