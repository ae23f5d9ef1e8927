// The keys of checkpoints: a private JWK (RFC 7517) to sign with, public ones to verify with. Asymmetric only, and each key
// has one algorithm; nothing of a key is ever in a message.
import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { readRegularFileSync } from '../../regular-file.ts';

export interface CheckpointKey {
  /** A public one. */
  readonly key: KeyObject;
  /** RFC 7518 section 3.1, RFC 9864. */
  readonly algorithm: string;
  /** The key's own, or its thumbprint (RFC 7638). */
  readonly keyId: string;
}

export interface SigningKey extends Omit<CheckpointKey, 'key'> {
  /** Of a compact JWS (RFC 7518 section 3). */
  readonly sign: (input: Buffer) => Buffer;
  /** The public part of the key. */
  readonly verifying: CheckpointKey;
}

const byCurve: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};
const rsaAlgorithms = ['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'];
const minRsaBits = 2048;

/** The JWK in a file, if a checkpoint can be signed with it. Throws an `Error` that says what is wrong with it. */
export function readSigningKey(path: string): JWK {
  const jwk = parseJwk(readRegularFileSync(path).toString('utf8'));
  if (algorithmOf(jwk) === undefined || typeof jwk.d !== 'string') throw new Error('no private JWK');
  requireLength(jwk);
  if (!signsAsItSays(jwk)) throw new Error('a private JWK that is not valid');
  return jwk;
}

/** Does what the private part signs hold by the public part? Whoever verifies has only that one. */
function signsAsItSays(jwk: JWK): boolean {
  const probe = Buffer.from('peergate');
  const hash = jwk.kty === 'OKP' ? null : 'sha256';
  try {
    const signature = sign(hash, probe, { key: { ...jwk }, format: 'jwk' });
    return verify(hash, probe, publicKeyOf(jwk), signature);
  } catch {
    // The cause may quote the key.
    return false;
  }
}

export async function toSigningKey(jwk: JWK): Promise<SigningKey> {
  const verifying = await toVerificationKey(jwk);
  const { algorithm, keyId } = verifying;
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  const digest = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(-3)}`;
  const padding = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  const options = { key, dsaEncoding: 'ieee-p1363' as const, ...padding };
  return { algorithm, keyId, verifying, sign: (input) => sign(digest, input, options) };
}

/** The keys in the text of a JWK or a JWK Set. Throws when one is of no use, or private: that one is the gateway's alone. */
export async function readVerificationKeys(text: string): Promise<CheckpointKey[]> {
  const value: JWK & { keys?: unknown } = parseJwk(text);
  const jwks: unknown[] = Array.isArray(value.keys) ? value.keys : [value];
  if (jwks.length === 0) throw new Error('no key in the set');
  return await Promise.all(
    jwks.map((jwk) => {
      if (isObject(jwk) && jwk.d !== undefined)
        throw new Error('a private key; give the public one, and take care who could read this file');
      return toVerificationKey(jwk);
    }),
  );
}

/** Of the public part. */
async function toVerificationKey(value: unknown): Promise<CheckpointKey> {
  const jwk = isObject(value) ? value : {};
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined) throw new Error('no public JWK of a kind that signs');
  requireLength(jwk);
  try {
    return {
      key: publicKeyOf(jwk),
      algorithm,
      keyId: typeof jwk.kid === 'string' ? jwk.kid : await calculateJwkThumbprint(jwk),
    };
  } catch {
    // The cause may quote the key.
    throw new Error('a public JWK that is not valid');
  }
}

/** RFC 7518 section 3.3: a key that is shorter signs nothing. */
function requireLength({ kty, n }: JWK): void {
  const bits = typeof n === 'string' ? Buffer.from(n, 'base64url').length * 8 : 0;
  if (kty === 'RSA' && bits < minRsaBits) throw new Error(`an RSA key of less than ${minRsaBits} bits`);
}

function parseJwk(text: string): JWK {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below, without a word of the text.
  }
  throw new Error('no JSON object');
}

/** The key's own algorithm when it fits the key's type, else the usual one for it. */
function algorithmOf({ kty, crv, alg }: JWK): string | undefined {
  if (kty === 'RSA') return alg === undefined ? 'PS256' : rsaAlgorithms.find((name) => name === alg);
  const usual = (kty === 'EC' && crv !== 'Ed25519') || (kty === 'OKP' && crv === 'Ed25519');
  const algorithm = usual ? byCurve[crv ?? ''] : undefined;
  const fits = alg === undefined || alg === algorithm || (alg === 'Ed25519' && algorithm === 'EdDSA');
  return fits ? algorithm : undefined;
}

const isObject = (value: unknown): value is JWK =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of the public members alone: with `d`, Node would derive an Ed25519 key from it. */
const publicKeyOf = ({ d: _, ...jwk }: JWK): KeyObject => createPublicKey({ key: jwk, format: 'jwk' });
