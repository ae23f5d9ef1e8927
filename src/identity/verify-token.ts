// Decides which access tokens count: signed with an allowed asymmetric algorithm by a key of a configured issuer, for
// this audience, in its time, with a subject. Every other token is refused with `token-invalid` or `token-expired`;
// keys and URLs inside a token are never looked at (RFC 8725 section 3).
import { base64url, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Clock } from '../clock.ts';
import type { AuthConfig } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import { challenge } from './bearer-token.ts';
import type { KeySet } from './key-set.ts';
import type { Principal } from './principal.ts';

/** Resolves to the caller. Rejects with a `GatewayError`: the token's fault (401), or no keys to check it with (503). */
export type VerifyToken = (token: string) => Promise<Principal>;

type Rules = Omit<AuthConfig, 'jwksUri' | 'jwksFile' | 'jwksMaxStaleMs'>;

export function createVerifyToken(
  rules: Rules,
  keySets: ReadonlyMap<string, KeySet>,
  clock: Clock,
): VerifyToken {
  return async (token) => {
    const issuer = claimedIssuer(token);
    const keys = typeof issuer === 'string' ? keySets.get(issuer) : undefined;
    if (typeof issuer !== 'string' || keys === undefined) throw challenge('token-invalid', details.issuer);
    const now = Math.floor(clock.now() / 1000);
    const payload = await verifySignature(token, keys, {
      algorithms: [...rules.algorithms],
      issuer,
      audience: rules.audience,
      clockTolerance: rules.clockToleranceSeconds,
      currentDate: new Date(now * 1000),
      requiredClaims: ['iss', 'aud', 'exp', 'sub', ...(rules.tokenType === undefined ? [] : rfc9068Claims)],
      ...(rules.tokenType === undefined ? {} : { typ: rules.tokenType }),
    });
    checkClaims(payload, now + rules.clockToleranceSeconds, rules.tokenType !== undefined);
    return principalOf(payload, issuer);
  };
}

/** RFC 9068 section 2.2, besides those that every token needs. */
/** Of `sub`, `client_id`, `azp` and `jti` each, in UTF-8. */
const maxIdentityBytes = 512;
const rfc9068Claims = ['iat', 'jti', 'client_id'];

const details = {
  malformed: 'The access token is not a signed JWT.',
  issuer: 'The access token is not from an issuer that is trusted here.',
  algorithm: 'The access token is signed with an algorithm that is not accepted here.',
  key: 'The access token is signed with a key that its issuer does not publish.',
  signature: 'The signature of the access token does not verify.',
  audience: 'The access token is not meant for this service.',
  early: 'The access token is not valid yet.',
  claim: 'The access token lacks a claim, or has one that is not acceptable.',
  times: 'The access token has a time that is not a finite number.',
  subject: 'The access token names no subject.',
  bound: 'The access token is bound to a sender, and this service cannot check the proof.',
  other: 'The access token is not valid here.',
};

/** RFC 7515 section 7.1. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * A token has exactly one accepted encoding. Decoders also take padding, the other alphabet, and bits after the last byte
 * that say nothing (RFC 4648 section 3.5); any of these would make several tokens of one.
 */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

/** The unverified issuer: it only chooses whose keys the signature must verify with. */
function claimedIssuer(token: string): unknown {
  if (!compactJws.test(token)) throw challenge('token-invalid', details.malformed);
  if (!token.split('.').every(isCanonical)) throw challenge('token-invalid', details.other);
  const payload = token.split('.')[1];
  try {
    // RFC 7519 section 7.2, step 10: bytes that are no UTF-8 are no claims, not claims with other letters in them.
    const bytes = base64url.decode(payload ?? '');
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return (JSON.parse(text) as { iss: unknown }).iss;
  } catch {
    throw challenge('token-invalid', details.malformed);
  }
}

async function verifySignature(token: string, keys: KeySet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyWithAny(token, error, options);
    throw refusal(error);
  }
}

/** Several keys fit a token without `kid` (RFC 7517 section 4.5 leaves it optional): one of them must verify. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of candidates) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (isAboutClaims(error)) throw refusal(error);
    }
  }
  throw challenge('token-invalid', details.signature);
}

/** Only after a good signature; anything before says that this key is not the one, or is too weak to count. */
const isAboutClaims = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;

function refusal(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof errors.JWTExpired) {
    if (!Number.isFinite(error.payload.exp)) return challenge('token-invalid', details.times, error);
    return challenge('token-expired', undefined, error);
  }
  return challenge('token-invalid', detailOf(error), error);
}

function detailOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return details.audience;
    return error.claim === 'nbf' && error.reason === 'check_failed' ? details.early : details.claim;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return details.algorithm;
  if (error instanceof errors.JWKSNoMatchingKey) return details.key;
  if (error instanceof errors.JWSSignatureVerificationFailed) return details.signature;
  return details.other;
}

/** What jose leaves open: finite times (JSON can say 1e309), an `iat` that has come, a subject, no proof of possession. */
function checkClaims(payload: JWTPayload, latest: number, rfc9068: boolean): void {
  for (const claim of ['exp', 'nbf', 'iat'] as const) {
    if (Object.hasOwn(payload, claim) && !Number.isFinite(payload[claim])) {
      throw challenge('token-invalid', details.times);
    }
  }
  if (payload.iat !== undefined && payload.iat > latest) throw challenge('token-invalid', details.early);
  if (typeof payload.sub !== 'string' || payload.sub === '')
    throw challenge('token-invalid', details.subject);
  for (const claim of ['sub', 'client_id', 'azp', 'jti'])
    if (!isRecordable(payload[claim])) throw challenge('token-invalid', details.claim);
  // RFC 7800 section 3.1.
  if (Object.hasOwn(payload, 'cnf')) throw challenge('token-invalid', details.bound);
  if (rfc9068 && !(isName(payload['client_id']) && isName(payload.jti))) {
    throw challenge('token-invalid', details.claim);
  }
}

function principalOf(payload: JWTPayload, issuer: string): Principal {
  const { client_id: clientId, azp } = payload;
  return Object.freeze({
    issuer,
    subject: payload.sub as string,
    clientId: isName(clientId) ? clientId : isName(azp) ? azp : undefined,
    tokenId: isName(payload.jti) ? payload.jti : undefined,
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

/** Identities go into audit records whole. */
const isRecordable = (value: unknown): boolean =>
  typeof value !== 'string' || (Buffer.byteLength(value) <= maxIdentityBytes && value.isWellFormed());

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
