// Decides whether an answer of Aerospike Cloud may reach a caller. Passes on the status, the body byte for byte and four
// named header fields; refuses redirects, compressed bodies, anything that is not the JSON it claims to be, and an
// answer that repeats the service token.
import { type AnswerParts, isPassableStatus, isRequestId, readPassable } from '../net/passable-answer.ts';
import type { Answer } from '../outbound/exchange.ts';
import { ExchangeError } from '../outbound/failures.ts';
import { isRetryAfter, retryAfterIn } from '../outbound/retry-after.ts';

/** An answer fit to be passed on, with `Content-Type`, `Retry-After` and `Location` as far as the upstream gave them. */
export interface UpstreamAnswer extends AnswerParts {
  /** The body as JSON; `undefined` when it is empty. */
  readonly json: unknown;
}

/** All that is passed on of an answer that does not say what it was asked for. */
export function retryAfterHeader({ headers }: UpstreamAnswer): Record<string, string> {
  const value = headers['Retry-After'];
  return isRetryAfter(value) ? { 'Retry-After': value } : {};
}

const passed = {
  'content-type': 'Content-Type',
  'retry-after': 'Retry-After',
  location: 'Location',
} as const;

/** Throws an `ExchangeError` of kind `broken`, which keeps nothing of the answer but status and `Retry-After`. */
export function readAnswer(answer: Answer, serviceToken: string): UpstreamAnswer {
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
  if (repeats(serviceToken, body)) throw broken('http_protocol_error');
  return { status, headers, body, json: passable.json, requestId };
}

/**
 * Looks at the bytes and, since JSON can spell every character in several ways, at the text that they stand for. Not at
 * the parsed value: of a member named twice that holds only the last one, and the body goes out whole.
 */
function repeats(token: string, body: Buffer): boolean {
  if (body.includes(token)) return true;
  if (!body.includes('\\')) return false;
  return body.toString('utf8').replaceAll(escapes, spell).includes(token);
}

/** RFC 8259 section 7. A token has no character that the other short escapes stand for (RFC 6750 section 2.1). */
const escapes = /\\(?:u([0-9a-fA-F]{4})|[\s\S])/g;

function spell(text: string, hex: string | undefined): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  return text === '\\/' ? '/' : text;
}

function requestIdOf({ headers }: Answer, serviceToken: string): string | undefined {
  const value: unknown = headers['x-request-id'];
  return isRequestId(value) && !value.includes(serviceToken) ? value : undefined;
}
