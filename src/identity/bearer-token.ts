// Takes the access token out of a request (RFC 6750 section 2.1): from the one Authorization header and from nowhere
// else. A second such header is refused, since two readers of the request could each believe another one.
import { GatewayError, type GatewayErrorOptions } from '../errors.ts';
import { valuesOf } from '../net/raw-headers.ts';

const credentials = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** A request's `rawHeaders`: names and values in turn. Node's `headers` would hide a second Authorization header. */
export function readBearerToken(rawHeaders: readonly string[]): string {
  const values = valuesOf('authorization', rawHeaders);
  const [value] = values;
  if (value === undefined) throw challenge('token-missing');
  if (values.length > 1) throw challenge('token-duplicated');
  const token = credentials.exec(value)?.[1];
  if (token === undefined)
    throw challenge('token-invalid', {
      detail: 'The Authorization header is not "Bearer" and a token.',
      logged: { reason: 'header' },
    });
  return token;
}

const bearerErrors = {
  'token-missing': undefined,
  'token-duplicated': 'invalid_request',
  'token-invalid': 'invalid_token',
  'token-expired': 'invalid_token',
} as const;

/** A refusal of the token, with the challenge of RFC 6750 section 3. `detail` is one of our own sentences. */
export function challenge(
  code: keyof typeof bearerErrors,
  options: Pick<GatewayErrorOptions, 'detail' | 'cause' | 'logged'> = {},
): GatewayError {
  const { detail } = new GatewayError(code, options);
  const name = bearerErrors[code];
  const parameters = name === undefined ? '' : `, error="${name}", error_description="${quotable(detail)}"`;
  return new GatewayError(code, {
    ...options,
    headers: { 'WWW-Authenticate': `Bearer realm="peergate"${parameters}` },
  });
}

/** RFC 6750 section 3.1: 403 with the scope that would have sufficed. */
export function insufficientScope(scope: string): GatewayError {
  const detail = `The access token lacks the scope ${scope}.`;
  const parameters = `error="insufficient_scope", error_description="${quotable(detail)}", scope="${scope}"`;
  return new GatewayError('scope-missing', {
    detail,
    headers: { 'WWW-Authenticate': `Bearer realm="peergate", ${parameters}` },
  });
}

/** RFC 6750 section 3: `error_description` must not include quotes and backslashes. */
const quotable = (text: string): string => text.replaceAll(/["\\]/g, "'");
