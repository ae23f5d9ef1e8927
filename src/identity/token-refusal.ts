// Why a token is refused: a sentence for the caller that names the failed check, and for the log the values that it takes to
// find the cause. Of an unverified token only `iss`, `aud`, `kid` and `alg` are logged, each bounded; never the token.
import * as base64url from 'jose/base64url';
import * as errors from 'jose/errors';
import { challenge } from './bearer-token.ts';

/** By the name of the failed check, as the log has it (`reason`). */
const sentences = {
  malformed: 'The access token is not a signed JWT.',
  encoding: 'The encoding of the access token is not the one that is accepted here.',
  issuer: 'The access token is not from an issuer that is trusted here (iss).',
  algorithm: 'The access token is signed with an algorithm that is not accepted here (alg).',
  key: 'The access token is signed with a key that its issuer does not publish (kid).',
  signature: 'The signature of the access token does not verify.',
  type: 'The access token is not of the type that is accepted here (typ).',
  audience: 'The access token is not meant for this service (aud).',
  client: 'The access token is not from a client that is accepted here (client_id).',
  'token-use': 'The access token is not one for access (token_use).',
  'not-yet-valid': 'The access token is not valid yet (nbf, iat).',
  expired: undefined,
  'missing-claim': 'The access token lacks a claim.',
  claim: 'The access token has a claim that is not acceptable.',
  time: 'The access token has a time that is not a finite number (exp, nbf, iat).',
  subject: 'The access token names no subject, or one that is too long or has control characters (sub).',
  'sender-bound': 'The access token is bound to a sender, and this service cannot check the proof (cnf).',
  other: 'The access token is not valid here.',
} as const;

export type RefusalReason = keyof typeof sentences;

/** Thrown by a check; `diagnose` makes the answer and the log line of it. */
export class TokenRefused extends Error {
  readonly reason: RefusalReason;
  /** What would have been accepted. */
  readonly expected: unknown;

  constructor(reason: RefusalReason, expected?: unknown, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
    this.expected = expected;
  }
}

/** What the rules of an issuer accept, by the claim or header parameter that it is about. */
export interface Expectations {
  readonly aud?: readonly string[] | undefined;
  readonly alg: readonly string[];
  readonly typ: string | undefined;
}

/** A failed check of jose's, as one of ours. */
export function refusalOf(error: unknown, expected: Expectations): TokenRefused {
  const refused = (reason: RefusalReason, value?: unknown) => new TokenRefused(reason, value, error);
  if (error instanceof errors.JWTExpired)
    return refused(Number.isFinite(error.payload.exp) ? 'expired' : 'time');
  if (error instanceof errors.JWTClaimValidationFailed) return refused(...claimRefusal(error, expected));
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('algorithm', expected.alg);
  if (error instanceof errors.JWKSNoMatchingKey) return refused('key');
  return refused(error instanceof errors.JWSSignatureVerificationFailed ? 'signature' : 'other');
}

function claimRefusal(
  { claim, reason }: errors.JWTClaimValidationFailed,
  { aud, typ }: Expectations,
): [RefusalReason, unknown?] {
  if (claim === 'typ') return ['type', typ];
  if (reason === 'missing') return ['missing-claim', claim];
  if (claim === 'aud') return ['audience', aud];
  return claim === 'nbf' && reason === 'check_failed' ? ['not-yet-valid'] : ['claim', claim];
}

/** The answer to a refused token, with what its log line says. Other errors are given back as they are. */
export function diagnose(error: unknown, token: string): unknown {
  if (!(error instanceof TokenRefused)) return error;
  const { reason, expected, cause } = error;
  const detail =
    reason === 'missing-claim' ? `The access token lacks the claim ${String(expected)}.` : sentences[reason];
  return challenge(reason === 'expired' ? 'token-expired' : 'token-invalid', {
    ...(detail === undefined ? {} : { detail }),
    cause,
    logged: { reason, ...unverified(token), expected: bounded(expected) },
  });
}

/** Whatever the token says of itself. */
function unverified(token: string): object {
  const [header, payload] = token.split('.').map(objectIn);
  const shown = { iss: payload?.['iss'], aud: payload?.['aud'], kid: header?.['kid'], alg: header?.['alg'] };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, bounded(value)]));
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(base64url.decode(part)));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const maxText = 200;
const maxValues = 10;

/** Text and lists of text, cut to a bounded size; of anything else its kind. */
const bounded = (value: unknown): unknown =>
  Array.isArray(value) ? value.slice(0, maxValues).map(shortened) : shortened(value);

function shortened(value: unknown): string | undefined {
  if (typeof value === 'string') return value.slice(0, maxText).toWellFormed();
  return value === undefined ? undefined : `(${typeof value})`;
}
