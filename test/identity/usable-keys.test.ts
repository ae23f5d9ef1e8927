// Which entries of a key set are used, and that every other one is ignored for itself alone, by keys that are really
// generated.
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { createLocalJWKSet, type JWK, jwtVerify, SignJWT } from 'jose';
import { usableKeys } from '../../src/identity/usable-keys.ts';

const jwkOf = (key: KeyObject): JWK => key.export({ format: 'jwk' }) as JWK;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const good = jwkOf(pair.publicKey);
const rsa = (modulusLength: number) => jwkOf(generateKeyPairSync('rsa', { modulusLength }).publicKey);
const strong = rsa(2048);
const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);

const unusable: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 7,
  text: 'key',
  'an array': [good],
  'an empty object': {},
  'one without kty': { ...good, kty: undefined },
  'one whose kty is a number': { ...good, kty: 1 },
  'one of an unknown kty': { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' },
  'a symmetric one': { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' },
  'a private one': jwkOf(pair.privateKey),
  'an RSA key that is too short': rsa(1024),
  'an RSA key without its modulus': { kty: 'RSA', e: 'AQAB' },
  'an RSA key with its modulus in decimal': { kty: 'RSA', n: 65_537, e: 'AQAB' },
  'an EC key of an unknown curve': { ...good, crv: 'P-999' },
  'an EC key of the wrong curve': { ...good, crv: 'P-384' },
  'an EC key of a curve of no accepted algorithm': jwkOf(
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  ),
  'an EC key that is no point of its curve': { ...good, y: good.x },
  'an EC key that is no base64url': { ...good, x: '!' },
  'an EC key without a coordinate': { ...good, y: undefined },
  'an Ed448 key': jwkOf(generateKeyPairSync('ed448').publicKey),
  'an X25519 key': jwkOf(generateKeyPairSync('x25519').publicKey),
  'one for another algorithm than its kind has': { ...good, alg: 'RS256' },
  'one for a symmetric algorithm': { ...strong, alg: 'HS256' },
  'one for an unknown use': { ...good, use: 'other' },
  'one for signing only': { ...good, key_ops: ['sign'] },
  'one with an operation twice': { ...good, key_ops: ['verify', 'verify'] },
  'one whose kid is a number': { ...good, kid: 7 },
  'one whose alg is null': { ...good, alg: null },
  'one nested very deep': deep,
  'one with a member nested very deep': { kty: 'EC', x: deep },
};

for (const [what, entry] of Object.entries(unusable)) {
  test(`${what} is ignored, is said to be, and affects no other entry`, async () => {
    const first = { ...good, kid: 'first' };
    const last = { ...strong, kid: 'last' };
    const { keys, ignored } = await usableKeys(JSON.parse(stringOf([first, entry, last])));
    assert.deepEqual(keys, [first, last]);
    assert.equal(ignored?.length, 1);
    assert.ok((ignored?.[0]?.length ?? 0) <= 200);
  });
}

/** `JSON.stringify` cannot write what is nested very deep. */
const stringOf = (entries: readonly unknown[]): string =>
  `[${entries.map((entry) => (entry === deep ? deepText : JSON.stringify(entry, (_, value) => (value === deep ? 'DEEP' : value)).replace('"DEEP"', deepText))).join()}]`;
const deepText = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

test('every kind of key that an accepted algorithm has is used, with or without use, alg and key_ops', async () => {
  const published = [
    strong,
    ...['P-256', 'P-384', 'P-521'].map((namedCurve) =>
      jwkOf(generateKeyPairSync('ec', { namedCurve }).publicKey),
    ),
    jwkOf(generateKeyPairSync('ed25519').publicKey),
    { ...strong, alg: 'PS512', use: 'sig', key_ops: ['verify'], ext: true },
  ];
  assert.deepEqual(await usableKeys(published), { keys: published, ignored: [] });
});

test('an Ed25519 key verifies under both names of its algorithm, whichever it has itself; an Ed448 key is ignored', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  for (const alg of [undefined, 'EdDSA', 'Ed25519']) {
    const { keys } = await usableKeys([{ ...jwkOf(publicKey), ...(alg === undefined ? {} : { alg }) }]);
    for (const name of ['EdDSA', 'Ed25519']) {
      const token = await new SignJWT({ sub: 's' }).setProtectedHeader({ alg: name }).sign(privateKey);
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys }), { algorithms: [name] });
      assert.equal(payload.sub, 's', `${alg} ${name}`);
    }
  }
  for (const alg of [undefined, 'EdDSA', 'Ed448']) {
    const key = { ...jwkOf(generateKeyPairSync('ed448').publicKey), ...(alg === undefined ? {} : { alg }) };
    assert.deepEqual((await usableKeys([key])).keys, [], String(alg));
  }
});

test('a key for encryption is left out without a word', async () => {
  const enc = { ...strong, use: 'enc', alg: 'RSA-OAEP' };
  assert.deepEqual(await usableKeys([enc, good]), { keys: [good], ignored: [] });
});

test('members that say nothing about a signature are dropped, however deep', async () => {
  const { keys } = await usableKeys([{ ...good, x5c: deep, 'x-vendor': deep }]);
  assert.deepEqual(keys, [good]);
});

test('an entry under the kid of a good key does not hide that key, good or not', async () => {
  const other = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(pair.privateKey);
  const bad = await usableKeys([
    { kid: 'k', kty: 'EC', crv: 'P-256', x: '!', y: '!' },
    { ...good, kid: 'k' },
  ]);
  assert.equal(bad.keys.length, 1);
  await jwtVerify(token, createLocalJWKSet({ keys: bad.keys }));
  const two = await usableKeys([
    { ...other, kid: 'k' },
    { ...good, kid: 'k' },
  ]);
  assert.equal(two.keys.length, 2);
});

test('no entry is named at any length, and none by its key', async () => {
  const { ignored } = await usableKeys([
    { kid: 'k'.repeat(100_000), kty: 'EC', x: 'secret-part' },
    { kty: 'RSA', d: 'secret-part' },
  ]);
  assert.equal(ignored?.length, 2);
  assert.doesNotMatch(String(ignored), /secret-part/);
  assert.ok(String(ignored).length < 500);
});

test('a key with any member that must not be published is ignored, and the reason is said', async () => {
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])
    assert.deepEqual(
      await usableKeys([{ ...good, kid: 'a', [member]: null }]),
      { keys: [], ignored: ['"a": it holds a private or symmetric key'] },
      member,
    );
});

test('a key for one algorithm is used, whichever of the accepted ones it is', async () => {
  const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
  const keys = [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => ({ ...strong, alg })),
    ...Object.entries(curves).map(([alg, namedCurve]) => ({
      ...jwkOf(generateKeyPairSync('ec', { namedCurve }).publicKey),
      alg,
    })),
  ];
  assert.deepEqual(await usableKeys(keys), { keys, ignored: [] });
});

test('what is told of an ignored entry is its kid or its place, and what is wrong with it', async () => {
  const told = async (...entries: unknown[]) => (await usableKeys(entries)).ignored;
  assert.match((await told(good, { kty: 1 }))?.[0] ?? '', /^entry 1, without a kid: kty: \S/);
  assert.deepEqual(await told({ ...good, kid: 'a', alg: 'RS256' }), [
    '"a": no algorithm that could be accepted here fits it',
  ]);
  const [broken] = (await told({ ...good, kid: 'a', y: good.x })) ?? [];
  assert.match(broken ?? '', /^"a": (?!no algorithm|no applicable)./);
  assert.match((await told({ ...good, kid: 'k'.repeat(65), d: '' }))?.[0] ?? '', /^"k{64}": /);
  assert.deepEqual(await told({ ...good, use: 'enc' }, good), []);
});
