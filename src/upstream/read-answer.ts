// Decides whether an answer of Aerospike Cloud may reach a caller. Passes on the status, the unchanged body and an allow-list of
// header fields. Refuses redirects, compressed bodies, invalid JSON, and answers that contain the service token.
import { GatewayError } from '../errors.ts';
import { type AnswerParts, isPassableStatus, isRequestId, readPassable } from '../net/passable-answer.ts';
import type { ReceivedAnswer } from '../outbound/exchange.ts';
import { ExchangeError } from '../outbound/failures.ts';
import { isRetryAfter, retryAfterIn, waitMsOf } from '../outbound/retry-after.ts';

/** An answer that may be passed on. `headers` has at most `Content-Type`, `Retry-After` and `Location`. */
export interface UpstreamAnswer extends AnswerParts {
  /** The body as JSON; `undefined` when it is empty. */
  readonly json: unknown;
}

/** The only header field that is passed on of an unusable answer. */
export function retryAfterHeader({ headers }: UpstreamAnswer): Record<string, string> {
  const value = headers['Retry-After'];
  return isRetryAfter(value) ? { 'Retry-After': value } : {};
}

/** Milliseconds, bounded; 0 if the failed request got no `Retry-After`. `now`: milliseconds since the epoch. */
export const retryAfterMsOf = (error: unknown, now: number): number =>
  error instanceof GatewayError ? waitMsOf(error.headers['Retry-After'], now) : 0;

const passed = {
  'content-type': 'Content-Type',
  'retry-after': 'Retry-After',
  location: 'Location',
} as const;

/** Throws an `ExchangeError` of kind `broken`, with only the status and `Retry-After` of the answer. */
export function readAnswer(answer: ReceivedAnswer, serviceToken: string): UpstreamAnswer {
  const { status, body } = answer;
  const broken = (proxyError: string) =>
    new ExchangeError('broken', proxyError, {
      sent: 'yes',
      receivedStatus: status,
      retryAfter: retryAfterIn(answer.headers),
    });
  if (!isPassableStatus(status)) throw broken('http_protocol_error');
  const coding: unknown = answer.headers['content-encoding'];
  if (coding !== undefined && String(coding).toLowerCase() !== 'identity')
    throw broken('http_response_content_coding');
  const headers: Record<string, string> = {};
  for (const [name, canonical] of Object.entries(passed)) {
    const value: unknown = answer.headers[name];
    if (typeof value === 'string' && !value.includes(serviceToken)) headers[canonical] = value;
  }
  const requestId = requestIdOf(answer, serviceToken);
  const passable = readPassable({ status, headers, body, requestId });
  if (passable === undefined) throw broken('http_protocol_error');
  if (containsToken(body, serviceToken)) throw broken('http_protocol_error');
  return { status, headers, body, json: passable.json, requestId };
}

/**
 * Searches the bytes and, since JSON can escape any character, the unescaped text. The parsed value would not do: it has only
 * the last of two members with one name.
 */
function containsToken(body: Buffer, token: string): boolean {
  if (body.includes(token)) return true;
  if (!body.includes('\\')) return false;
  return body.toString('utf8').replaceAll(escapes, unescaped).includes(token);
}

/** RFC 8259 section 7. The characters of other short escapes do not occur in tokens (RFC 6750 section 2.1). */
const escapes = /\\(?:u([0-9a-fA-F]{4})|[\s\S])/g;

function unescaped(text: string, hex: string | undefined): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  return text === '\\/' ? '/' : text;
}

function requestIdOf({ headers }: ReceivedAnswer, serviceToken: string): string | undefined {
  const value: unknown = headers['x-request-id'];
  return isRequestId(value) && !value.includes(serviceToken) ? value : undefined;
}
