// Requests an access token with the client credentials grant (RFC 6749 section 4.4), with the credentials in the form-encoded
// body (section 2.3.1). Accepts only a complete, well-formed bearer token response of bounded size.
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { UpstreamConfig } from '../config/config.ts';
import { memberOf, parseJson } from '../net/json.ts';
import { exchange } from '../outbound/exchange.ts';
import { StatusError } from '../outbound/failures.ts';
import { retryAfterIn } from '../outbound/retry-after.ts';

/** `lifetimeMs` is bounded, whatever the endpoint answered. */
export interface IssuedToken {
  readonly value: string;
  readonly lifetimeMs: number;
}

/** For the whole token request. */
const tokenTimeoutMs = 10_000;
const maxBytes = 64 * 1024;
/** If the lifetime is missing or invalid. A token that expires earlier causes a 401, after which it is renewed. */
const defaultLifetimeSeconds = 300;
const maxLifetimeSeconds = 86_400;

/** RFC 6749 section 5.1. The token's characters are those of RFC 6750 section 2.1, so it cannot inject header fields. */
const tokenResponse = z.looseObject({
  access_token: z.string().regex(/^[A-Za-z0-9._~+/-]+=*$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.unknown().optional(),
});

/** Rejects with an `ExchangeError`, or an `Error` that contains nothing of the answer's body, which may be secret. */
export async function requestToken(
  agent: Dispatcher,
  config: UpstreamConfig,
  timeoutMs = tokenTimeoutMs,
): Promise<IssuedToken> {
  const { credential, tokenScope, tokenAudience, tokenUrl } = config;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: await credential.clientId.reveal(),
    client_secret: await credential.clientSecret.reveal(),
  });
  if (tokenScope !== undefined) form.set('scope', tokenScope);
  if (tokenAudience !== undefined) form.set('audience', tokenAudience);
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const url = new URL(tokenUrl);
  const request = { method: 'POST', url, headers, body: form.toString(), repeatable: true } as const;
  const { status, headers: fields, body } = await exchange(agent, request, { timeoutMs, maxBytes });
  if (status !== 200) {
    const message = `the token endpoint answered with status ${status}${oauthError(body)}`;
    throw new StatusError(message, retryAfterIn(fields));
  }
  const response = tokenResponse.safeParse(parseJson(body.toString('utf8')));
  if (!response.success)
    throw new Error('the token endpoint sent no valid bearer token response (RFC 6749 section 5.1)');
  return { value: response.data.access_token, lifetimeMs: lifetimeSeconds(response.data.expires_in) * 1000 };
}

function lifetimeSeconds(expiresIn: unknown): number {
  const seconds =
    typeof expiresIn === 'string' && /^\d{1,10}$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || !(seconds > 0)) return defaultLifetimeSeconds;
  return Math.min(seconds, maxLifetimeSeconds);
}

const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'invalid_scope',
];

/** The error code of RFC 6749 section 5.2, if there is one. Nothing else of the body gets into messages. */
function oauthError(body: Buffer): string {
  const code = memberOf(parseJson(body.toString('utf8')), 'error');
  return typeof code === 'string' && oauthErrors.includes(code) ? ` (${code})` : '';
}
