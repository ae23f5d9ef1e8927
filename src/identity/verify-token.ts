// Decides which access tokens count: signed with an allowed asymmetric algorithm by a key of a configured issuer, by the
// rules of that issuer, in its time, with a subject. Every other token is refused with `token-invalid` or
// `token-expired`; keys and URLs inside a token are never looked at (RFC 8725 section 3).

import type { JWTPayload } from 'jose';
import * as base64url from 'jose/base64url';
import * as errors from 'jose/errors';
import { type JWTVerifyOptions, jwtVerify } from 'jose/jwt/verify';
import type { Clock } from '../clock.ts';
import type { AuthConfig, IssuerConfig } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { KeySet } from './key-set.ts';
import type { Principal } from './principal.ts';
import { diagnose, type Expectations, refusalOf, TokenRefused } from './token-refusal.ts';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuers.ts';

/** Resolves to the caller. Rejects with a `GatewayError`: the token's fault (401), or no keys to check it with (503). */
export type VerifyToken = (token: string) => Promise<Principal>;

export function createVerifyToken(
  { clockToleranceSeconds }: Pick<AuthConfig, 'clockToleranceSeconds'>,
  issuers: Pick<TrustedIssuers, 'get' | 'all'>,
  clock: Clock,
): VerifyToken {
  return async (token) => {
    try {
      const { rules, keys } = issuerOf(token, issuers);
      const now = Math.floor(clock.now() / 1000);
      const payload = await verifySignature(token, keys, rules, {
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now * 1000),
      });
      checkClaims(payload, now + clockToleranceSeconds);
      checkForIssuer(payload, rules);
      return principalOf(payload, rules);
    } catch (error) {
      throw diagnose(error, token);
    }
  };
}

/** Of `sub`, `jti` and the claims that name the client each, in UTF-8. */
const maxIdentityBytes = 512;
/** RFC 9068 section 2.2, besides those that every token needs. */
const rfc9068Claims = ['iat', 'jti', 'client_id'];

/** RFC 7515 section 7.1. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * A token has exactly one accepted encoding. Decoders also take padding, the other alphabet, and bits after the last byte
 * that say nothing (RFC 4648 section 3.5); any of these would make several tokens of one.
 */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The unverified issuer only chooses whose keys the signature must verify with, and whose rules count. */
function issuerOf(token: string, issuers: Pick<TrustedIssuers, 'get' | 'all'>): TrustedIssuer {
  const issuer = claimedIssuer(token);
  const trusted = typeof issuer === 'string' ? issuers.get(issuer) : undefined;
  if (trusted !== undefined) return trusted;
  throw new TokenRefused(
    'issuer',
    issuers.all().map(({ rules }) => rules.issuer),
  );
}

function claimedIssuer(token: string): unknown {
  if (!compactJws.test(token)) throw new TokenRefused('malformed');
  if (!token.split('.').every(isCanonical)) throw new TokenRefused('encoding');
  const payload = token.split('.')[1];
  try {
    // RFC 7519 section 7.2, step 10: bytes that are no UTF-8 are no claims, not claims with other letters in them.
    const bytes = base64url.decode(payload ?? '');
    const text = utf8.decode(bytes);
    return (JSON.parse(text) as { iss: unknown }).iss;
  } catch {
    throw new TokenRefused('malformed');
  }
}

async function verifySignature(
  token: string,
  keys: KeySet,
  { issuer, audiences, algorithms, tokenType }: IssuerConfig,
  times: Pick<JWTVerifyOptions, 'clockTolerance' | 'currentDate'>,
): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    ...times,
    algorithms: [...algorithms],
    issuer,
    requiredClaims: ['iss', 'exp', 'sub', ...(tokenType === undefined ? [] : rfc9068Claims)],
    ...(audiences === undefined ? {} : { audience: [...audiences] }),
    ...(tokenType === undefined ? {} : { typ: tokenType }),
  };
  const expected = { aud: audiences, alg: algorithms, typ: tokenType };
  try {
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys)
      return verifyWithAny(token, error, options, expected);
    throw error instanceof GatewayError ? error : refusalOf(error, expected);
  }
}

/** Several keys fit a token without `kid` (RFC 7517 section 4.5 leaves it optional): one of them must verify. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
  expected: Expectations,
): Promise<JWTPayload> {
  for await (const key of candidates) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (isAboutClaims(error)) throw refusalOf(error, expected);
    }
  }
  throw new TokenRefused('signature');
}

/** Only after a good signature; anything before says that this key is not the one, or is too weak to count. */
const isAboutClaims = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;

/** What jose leaves open: finite times (JSON can say 1e309), an `iat` that has come, a subject, no proof of possession. */
function checkClaims(payload: JWTPayload, latest: number): void {
  for (const claim of ['exp', 'nbf', 'iat'] as const)
    if (Object.hasOwn(payload, claim) && !Number.isFinite(payload[claim])) throw new TokenRefused('time');
  if (payload.iat !== undefined && payload.iat > latest) throw new TokenRefused('not-yet-valid');
  if (!isName(payload.sub) || !isRecordable(payload.sub)) throw new TokenRefused('subject');
  for (const claim of ['client_id', 'azp', 'cid', 'appid', 'jti'])
    if (!isRecordable(payload[claim])) throw new TokenRefused('claim', claim);
  // RFC 7800 section 3.1.
  if (Object.hasOwn(payload, 'cnf')) throw new TokenRefused('sender-bound');
}

/** What this issuer's tokens need besides. */
function checkForIssuer(payload: JWTPayload, { clients, tokenType }: IssuerConfig): void {
  const clientId = payload['client_id'];
  if (tokenType !== undefined && !(isName(clientId) && isName(payload.jti)))
    throw new TokenRefused('claim', 'client_id and jti');
  if (clients === undefined) return;
  if (Object.hasOwn(payload, 'aud')) throw new TokenRefused('audience', 'none');
  if (!isName(clientId) || !clients.includes(clientId)) throw new TokenRefused('client', clients);
  // Amazon Cognito signs ID tokens with the same keys.
  if (Object.hasOwn(payload, 'token_use') && payload['token_use'] !== 'access')
    throw new TokenRefused('token-use', 'access');
}

function principalOf(payload: JWTPayload, { issuer, scopes }: IssuerConfig): Principal {
  const { client_id: clientId, azp, cid, appid } = payload;
  return Object.freeze({
    issuer,
    subject: payload.sub as string,
    clientId: [clientId, azp, cid, appid].find(isName),
    tokenId: isName(payload.jti) ? payload.jti : undefined,
    withoutScopes: scopes === 'none',
    scopes: scopesOf(payload),
    claims: payload,
  });
}

/** RFC 8693 section 4.2 and the claims that common issuers use in its place: words in a string, or an array. */
function scopesOf(payload: JWTPayload): ReadonlySet<string> {
  const claims = [payload['scope'], payload['scp'], payload['permissions'], payload['roles']];
  return new Set(claims.flatMap(wordsOf));
}

function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
}

/** JSON writes a control character in up to six bytes, and any other in no more than two for each of its own. */
const controlCharacter = /\p{Cc}/u;

/** Identities go into audit records whole. */
const isRecordable = (value: unknown): boolean =>
  typeof value !== 'string' ||
  (Buffer.byteLength(value) <= maxIdentityBytes && value.isWellFormed() && !controlCharacter.test(value));

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
