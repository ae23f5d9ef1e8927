// Fetches an access token as a service does: one form-encoded client-credentials request. A refusal becomes an error
// that names the status and the provider's reason, never the secret.
import { request } from 'undici';
import { parseJson, textOf } from './read-json.ts';

export interface TokenRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** The API that the token is for (RFC 8707), when it is not the provider's default. */
  readonly resource?: string;
}

export async function requestToken(wanted: TokenRequest, signal?: AbortSignal): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: wanted.clientId,
    client_secret: wanted.clientSecret,
  });
  if (wanted.scope !== undefined) form.set('scope', wanted.scope);
  if (wanted.resource !== undefined) form.set('resource', wanted.resource);
  const { statusCode, body } = await request(`${wanted.issuer}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = parseJson(await body.text());
  const token = textOf(answer, 'access_token');
  if (statusCode === 200 && token !== undefined) return token;
  const reason = textOf(answer, 'error') ?? 'no access_token in the answer';
  const description = textOf(answer, 'error_description');
  throw new Error(
    `the identity provider refused a token to ${wanted.clientId}: ${statusCode} ${reason}` +
      (description === undefined ? '' : ` (${description})`),
  );
}
