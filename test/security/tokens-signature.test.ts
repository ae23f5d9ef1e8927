// Tokens whose signature, or whose way of naming its key, is an attack. What a token says about keys is never believed.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { assertTokenRefused } from './assert-token-refused.ts';
import { claimsText, createForge, encode, type Forge, hmacToken } from './forge.ts';
import { startAttacker, startForged } from './start-forged.ts';

const published = createForge('ES256');
const rsa = createForge('RS256');

/** Each takes a good token apart and gives it back with another signature. */
function withSignature(token: string, change: (signature: Buffer) => Buffer): string {
  const [header, payload, signature = ''] = token.split('.');
  return `${header}.${payload}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`;
}

/** ASN.1 form of an ECDSA signature (X9.62), which is not the one of RFC 7518 section 3.4. */
function toDer(signature: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const short = bytes.subarray(first);
    const content = (short[0] ?? 0) < 0x80 ? short : Buffer.concat([Buffer.from([0]), short]);
    return Buffer.concat([Buffer.from([0x02, content.length]), content]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

type Case = readonly [title: string, token: (payload: string) => string];

const flipped = (signature: Buffer, at: number) => {
  const copy = Buffer.from(signature);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
};

const pem = published.publicKey.export({ format: 'pem', type: 'spki' });
const der = published.publicKey.export({ format: 'der', type: 'spki' });
const { kid } = published.jwk;

const signatures: readonly Case[] = [
  [
    'a token without a signature algorithm',
    (p) => `${encode('{"alg":"none"}')}.${encode(p)}.${encode('nothing')}`,
  ],
  ['alg none with an empty signature', (p) => `${encode('{"alg":"none","typ":"at+jwt"}')}.${encode(p)}.`],
  [
    'alg NoNe with a real signature',
    (p) => {
      const input = `${encode(JSON.stringify({ alg: 'NoNe', kid }))}.${encode(p)}`;
      return `${input}.${published.signature(input, 'ES256').toString('base64url')}`;
    },
  ],
  ['an HMAC keyed with the public key as PEM', (p) => hmacToken(pem, p, { kid })],
  ['an HMAC keyed with the public key as DER', (p) => hmacToken(der, p, { kid })],
  ['an HMAC keyed with the public key as JWK', (p) => hmacToken(JSON.stringify(published.jwk), p, { kid })],
  ['an HMAC keyed with nothing', (p) => hmacToken('', p, { kid })],
  ['an algorithm that is asymmetric but not allowed', (p) => rsa.compact(p, { alg: 'RS512' })],
  ['an RSA algorithm with the kid of an elliptic key', (p) => rsa.compact(p, { kid })],
  ['an elliptic algorithm with the kid of an RSA key', (p) => published.compact(p, { kid: rsa.jwk.kid })],
  ['another padding than the key is published for', (p) => rsa.compact(p, { alg: 'PS256' })],
  ['a header without alg', (p) => published.compact(p, { alg: undefined })],
  ['an alg that is not a string', (p) => published.compact(p, { alg: ['ES256'] })],
  [
    'a tampered payload',
    (p) => {
      const [header, , signature] = published.compact(p).split('.');
      return `${header}.${encode(p.replace('svc-forged', 'svc-admin'))}.${signature}`;
    },
  ],
  [
    'a tampered header',
    (p) => {
      const [, payload, signature] = published.compact(p).split('.');
      return `${encode(JSON.stringify({ alg: 'ES256', kid, typ: 'JWT' }))}.${payload}.${signature}`;
    },
  ],
  ['a tampered signature', (p) => withSignature(published.compact(p), (s) => flipped(s, 10))],
  ['a cut signature', (p) => withSignature(published.compact(p), (s) => s.subarray(0, 63))],
  [
    'a longer signature',
    (p) => withSignature(published.compact(p), (s) => Buffer.concat([s, Buffer.alloc(1)])),
  ],
  ['an ECDSA signature in DER form', (p) => withSignature(published.compact(p), toDer)],
  ['an ECDSA signature of r = s = 0', (p) => withSignature(published.compact(p), () => Buffer.alloc(64))],
  ['an RSA signature of zeros', (p) => withSignature(rsa.compact(p), () => Buffer.alloc(256))],
  ['unencoded payload (b64 false, RFC 7797)', (p) => published.compact(p, { b64: false, crit: ['b64'] })],
  ['a crit that nobody knows', (p) => published.compact(p, { crit: ['x-new'], 'x-new': true })],
  ['a crit that names a member that is not there', (p) => published.compact(p, { crit: ['x-new'] })],
  ['an empty crit', (p) => published.compact(p, { crit: [] })],
  [
    'the signature of another token',
    (p) => {
      const [header, payload] = published.compact(p).split('.');
      return `${header}.${payload}.${published.compact(`${p} `).split('.')[2]}`;
    },
  ],
];

test('a token is refused whose signature is not by a published key with an allowed algorithm', async (t) => {
  const gateway = await startForged(t, [published, rsa]);
  const payload = () => claimsText(gateway.issuer.url);
  assert.equal((await bearer(gateway, published.compact(payload()))).status, 200, 'unchanged it is accepted');
  assert.equal((await bearer(gateway, rsa.compact(payload()))).status, 200, 'unchanged it is accepted');
  for (const [title, token] of signatures) {
    await t.test(title, async () => void (await assertTokenRefused(gateway, token(payload()))));
  }
});

test('keys and URLs inside a token are never used, and nobody is asked for them', async (t) => {
  const gateway = await startForged(t, [published]);
  const evil = createForge('ES256', { kid: 'evil' });
  const attacker = await startAttacker(t, evil);
  const headers = {
    'a jwk of the attacker': { jwk: evil.jwk },
    'a jku of the attacker': { jku: `${attacker.url}/jwks` },
    'an x5u of the attacker': { x5u: `${attacker.url}/chain.pem` },
    'an x5c of the attacker': {
      x5c: [evil.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')],
    },
    'a kid that is a URL': { kid: `${attacker.url}/jwks` },
    'a kid that is a path': { kid: '../../../../dev/null' },
    'an iss of the attacker in the header': { iss: attacker.url },
  };
  for (const [title, header] of Object.entries(headers)) {
    for (const kid of ['evil', published.jwk.kid as string]) {
      await t.test(`${title}, kid ${kid === 'evil' ? 'its own' : 'of a good key'}`, async () => {
        const token = evil.compact(claimsText(gateway.issuer.url), { kid, ...header });
        await assertTokenRefused(gateway, token);
      });
    }
  }
  await t.test('the issuer of the attacker in the claims', async () => {
    const token = evil.compact(claimsText(attacker.url), { jku: `${attacker.url}/jwks` });
    await assertTokenRefused(gateway, token);
  });
  assert.equal(attacker.connections(), 0);
});

test('a published key counts only for what it is published for', async (t) => {
  const weak = createForge('RS256', { modulusLength: 1024 });
  const encryption = createForge('ES256');
  const wrapping = createForge('ES256');
  const p384 = createForge('ES384');
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  issuer.keys = [
    weak.jwk,
    { ...encryption.jwk, use: 'enc' },
    { ...wrapping.jwk, key_ops: ['deriveKey'], use: undefined as never },
    p384.jwk,
  ];
  const gateway = await startTestGateway(t, { issuer });
  const cases: Record<string, Forge> = {
    'an RSA key of 1024 bits': weak,
    'a key for encryption': encryption,
    'a key for other operations': wrapping,
    'a key for an algorithm that is not allowed': p384,
  };
  for (const [title, forge] of Object.entries(cases)) {
    const token = forge.compact(claimsText(issuer.url));
    await t.test(title, async () => void (await assertTokenRefused(gateway, token)));
  }
});

test('two published keys of one kid are both good, and neither hides the other', async (t) => {
  const [one, two] = [createForge('ES256', { kid: 'same' }), createForge('ES256', { kid: 'same' })];
  const broken = { jwk: { ...one.jwk, y: one.jwk.x as string } };
  const gateway = await startForged(t, [{ ...one, ...broken }, one, two]);
  for (const forge of [one, two]) {
    const authorization = `Bearer ${forge.compact(claimsText(gateway.issuer.url))}`;
    assert.equal((await gateway.call({ headers: { authorization } })).status, 200);
  }
  const stranger = createForge('ES256', { kid: 'same' });
  await assertTokenRefused(gateway, stranger.compact(claimsText(gateway.issuer.url)));
});

test('a token without kid is accepted when any one of the published keys fits it', async (t) => {
  const weak = createForge('RS256', { modulusLength: 1024 });
  const second = createForge('ES256');
  const stranger = createForge('ES256');
  const gateway = await startForged(t, [published, second, weak, rsa]);
  const accepted = async (subtest: TestContext, title: string, forge: Forge) => {
    await subtest.test(title, async () => {
      const token = forge.compact(claimsText(gateway.issuer.url), { kid: undefined });
      assert.equal((await bearer(gateway, token)).status, 200);
    });
  };
  await accepted(t, 'the first', published);
  await accepted(t, 'the second', second);
  await accepted(t, 'one behind a key that is too weak', rsa);
  await t.test('a key that is not published is refused', async () => {
    const token = stranger.compact(claimsText(gateway.issuer.url), { kid: undefined });
    await assertTokenRefused(gateway, token);
  });
  await t.test('an expired token is told so', async () => {
    const token = second.compact(claimsText(gateway.issuer.url, { exp: 1_700_000_000 }), { kid: undefined });
    await assertTokenRefused(gateway, token, 'token-expired');
  });
});

const bearer = (gateway: Awaited<ReturnType<typeof startForged>>, token: string) =>
  gateway.call({ headers: { authorization: `Bearer ${token}` } });
