// Chooses the entries of a JWK Set that can check a signature. Ignores every other entry, whatever is wrong with it, so that
// it does not affect the rest (RFC 7517 section 5).
import type { JWK } from 'jose';
import * as base64url from 'jose/base64url';
import * as errors from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';
import { compactVerify } from 'jose/jws/compact/verify';
import { z } from 'zod';

export interface UsableKeys {
  readonly keys: JWK[];
  /** For each ignored entry: which one it is, and why, in bounded text for the log. Absent: none. */
  readonly ignored?: readonly string[];
}

/** The members of a public key that count (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2). Others are dropped. */
const publicKey = z.object({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
  alg: z.string().optional(),
  ext: z.boolean().optional(),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
});

/** What has one of these must not be published: whoever reads it can sign. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** All that AUTH_ALGORITHMS can accept. Which of them count is decided for each token. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Never rejects. Entries for encryption are left out without a word: they are no fault of the set. */
export async function usableKeys(entries: readonly unknown[]): Promise<UsableKeys> {
  const signing = entries
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => !isForEncryption(entry));
  const read = await Promise.all(
    signing.map(async ({ entry, index }) => {
      const { key, fault } = await readEntry(entry);
      return { key, fault: `${nameOf(entry, index)}: ${fault}`.slice(0, 200) };
    }),
  );
  return {
    keys: read.flatMap(({ key }) => key ?? []),
    ignored: read.filter(({ key }) => key === undefined).map(({ fault }) => fault),
  };
}

type Read =
  | { readonly key: JWK; readonly fault?: undefined }
  | { readonly key?: undefined; readonly fault: string };

async function readEntry(entry: unknown): Promise<Read> {
  const parsed = publicKey.safeParse(entry);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
    return { fault: [...path, message].join(': ') };
  }
  if (secretMembers.some((member) => Object.hasOwn(entry as object, member)))
    return { fault: 'it holds a private or symmetric key' };
  const key = withoutEdwardsName(parsed.data as JWK);
  const fault = await faultOf(key);
  return fault === undefined ? { key } : { fault };
}

/** RFC 9864 section 2.2: a token may call the algorithm of an Ed25519 key by either name, whichever the key has. */
function withoutEdwardsName(key: JWK): JWK {
  if (key.crv !== 'Ed25519' || (key.alg !== 'EdDSA' && key.alg !== 'Ed25519')) return key;
  const { alg: _, ...others } = key;
  return others as JWK;
}

/** A key is usable when a check of a signature by it comes to a verdict; `undefined` then. */
async function faultOf(key: JWK): Promise<string | undefined> {
  const find = createLocalJWKSet({ keys: [key] });
  let fault: string | undefined;
  for (const alg of algorithms) {
    const probe = `${base64url.encode(JSON.stringify({ alg }))}.AA.AA`;
    try {
      await compactVerify(probe, find);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
      if (!(error instanceof errors.JWKSNoMatchingKey)) fault ??= (error as Error).message;
    }
  }
  return fault ?? 'no algorithm that could be accepted here fits it';
}

const isForEncryption = (entry: unknown): boolean => (entry as { use?: unknown } | null)?.use === 'enc';

function nameOf(entry: unknown, index: number): string {
  const kid = (entry as { kid?: unknown } | null)?.kid;
  return typeof kid === 'string' ? JSON.stringify(kid.slice(0, 64)) : `entry ${index}, without a kid`;
}
