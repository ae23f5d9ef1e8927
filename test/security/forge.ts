// Makes tokens without the help of a JOSE library, so that every byte of them can be wrong. A forge has one key pair, and
// signs what no library would.
import { constants, createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { audience } from '../support/issuer.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Forge {
  /** For publication. */
  readonly jwk: JWK;
  readonly publicKey: KeyObject;
  /** A compact JWS over exactly this payload; members of `header` replace or (as `undefined`) remove the usual ones. */
  compact(payload: string | Buffer, header?: Json): string;
  /** Raw signature by this key, with this algorithm or the forge's own. */
  signature(input: string | Buffer, alg?: string): Buffer;
}

export type ForgeAlg = 'ES256' | 'ES384' | 'RS256' | 'EdDSA';

export function createForge(alg: ForgeAlg, options: { kid?: string; modulusLength?: number } = {}): Forge {
  const kid = options.kid ?? randomUUID();
  const { publicKey, privateKey } = keyPair(alg, options.modulusLength ?? 2048);
  const signature = (input: string | Buffer, by: string = alg) =>
    rawSignature(by, privateKey, Buffer.from(input));
  return {
    jwk: { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg, use: 'sig' },
    publicKey,
    signature,
    compact(payload, header = {}) {
      const full = { alg, kid, typ: 'at+jwt', ...header };
      const input = `${encode(JSON.stringify(full))}.${encode(payload)}`;
      return `${input}.${signature(input, String(full.alg)).toString('base64url')}`;
    },
  };
}

export const encode = (content: string | Buffer): string => Buffer.from(content).toString('base64url');

/** The payload of a token that the gateway accepts, changed; a number such as 1e309 is written `@1e309@`. */
export function claimsText(issuer: string, claims: Json = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const all = {
    iss: issuer,
    aud: audience,
    sub: 'svc-forged',
    client_id: 'forged',
    jti: randomUUID(),
    scope: 'update:database read:database',
    iat: now,
    exp: now + 300,
    ...claims,
  };
  return JSON.stringify(all).replaceAll(/"@([^"@]+)@"/g, '$1');
}

/** An HMAC token keyed with whatever an attacker can know. */
export function hmacToken(secret: string | Buffer, payload: string, header: Json): string {
  const input = `${encode(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', ...header }))}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function keyPair(alg: ForgeAlg, modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength });
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: alg === 'ES384' ? 'P-384' : 'P-256' });
}

function rawSignature(alg: string, key: KeyObject, input: Buffer): Buffer {
  const digest = alg.endsWith('384') ? 'sha384' : alg.endsWith('512') ? 'sha512' : 'sha256';
  if (key.asymmetricKeyType === 'ed25519') return sign(null, input, key);
  if (key.asymmetricKeyType === 'ec') return sign(digest, input, { key, dsaEncoding: 'ieee-p1363' });
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return sign(digest, input, alg.startsWith('PS') ? { key, ...pss } : key);
}
