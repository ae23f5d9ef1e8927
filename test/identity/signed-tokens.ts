// Tokens with real signatures, of one issuer whose keys, rules and clock a test decides, and what becomes of them.
import assert from 'node:assert/strict';
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { IssuerConfig } from '../../src/config/config.ts';
import { GatewayError } from '../../src/errors.ts';
import { KeySet } from '../../src/identity/key-set.ts';
import { createVerifyToken } from '../../src/identity/verify-token.ts';
import type { Logger } from '../../src/logging/logger.ts';

export type Members = Readonly<Record<string, unknown>>;

export const issuer = 'https://idp.example';
export const now = 1_700_000_000;
export const tolerance = 5;
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
export const published: JWK = { ...(await exportJWK(publicKey)), kid: 'good', alg: 'ES256' };
export const stranger = await generateKeyPair('ES256', { extractable: true });
export const strangers: JWK = await exportJWK(stranger.publicKey);

const standard: IssuerConfig = {
  issuer,
  audiences: ['peergate', 'other'],
  clients: undefined,
  scopes: 'required',
  jwksUri: undefined,
  jwksFile: undefined,
  algorithms: ['ES256', 'RS256'],
  tokenType: undefined,
};
export const claims: Members = { iss: issuer, aud: 'peergate', sub: 'svc', exp: now + 60 };

export interface Case {
  readonly claims?: Members;
  readonly header?: Members;
  readonly rules?: Partial<IssuerConfig>;
  readonly keys?: readonly JWK[];
  readonly signer?: CryptoKey;
}

export const sign = (payload: string, header: Members = {}, key: CryptoKey = privateKey): Promise<string> =>
  new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'ES256', kid: 'good', ...header })
    .sign(key);

export function verifierFor({ rules = {}, keys = [published] }: Case, milliseconds = 999) {
  const clock = { now: () => now * 1000 + milliseconds, monotonic: () => 0, newId: () => 'id' };
  const logger = { warn: () => undefined } as unknown as Logger;
  const keySet = new KeySet(issuer, async () => ({ keys: [...keys] }), 3_600_000, { clock, logger });
  const trusted = { rules: { ...standard, ...rules }, keys: keySet };
  const issuers = { get: (name: string) => (name === issuer ? trusted : undefined), all: () => [trusted] };
  const verify = createVerifyToken({ clockToleranceSeconds: tolerance }, issuers, clock);
  return async (token: string) => {
    try {
      return await verify(token);
    } finally {
      keySet.stop();
    }
  };
}

export async function principalOf(given: Case = {}) {
  const token = await sign(JSON.stringify({ ...claims, ...given.claims }), given.header, given.signer);
  return await verifierFor(given)(token);
}

/** The code, and what the log gets to know. */
export async function refusalOf(given: Case, token?: string) {
  const refused =
    token ?? (await sign(JSON.stringify({ ...claims, ...given.claims }), given.header, given.signer));
  const error: unknown = await verifierFor(given)(refused).then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GatewayError, String(error));
  return { error, code: error.code, logged: error.logged ?? {} };
}
