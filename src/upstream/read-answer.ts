// Decides whether an answer of Aerospike Cloud may reach a caller. Passes on the status, the body byte for byte and four
// named header fields; refuses redirects, compressed bodies, anything that is not the JSON it claims to be, and an
// answer that repeats the service token.
import type { Answer } from '../outbound/exchange.ts';
import { ExchangeError } from '../outbound/failures.ts';

/** An answer fit to be passed on. */
export interface UpstreamAnswer {
  readonly status: number;
  /** `Content-Type`, `Retry-After` and `Location`, as far as the upstream gave them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body as JSON; `undefined` when it is empty. */
  readonly json: unknown;
  /** The upstream's `X-Request-Id`. */
  readonly requestId: string | undefined;
}

const jsonMediaType = /^application\/([a-z0-9!#$&^_.+-]+\+)?json[ \t]*(;|$)/i;
const requestIdShape = /^[\x21-\x7e]{1,200}$/;
const passed = {
  'content-type': 'Content-Type',
  'retry-after': 'Retry-After',
  location: 'Location',
} as const;

/** Throws an `ExchangeError` of kind `broken`. */
export function readAnswer(answer: Answer, serviceToken: string): UpstreamAnswer {
  const { status, body } = answer;
  const broken = (proxyError: string) =>
    new ExchangeError('broken', proxyError, { sent: 'yes', receivedStatus: status });
  if (!isPassable(status)) throw broken('http_protocol_error');
  const coding = answer.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') throw broken('http_response_content_coding');
  const headers: Record<string, string> = {};
  for (const [name, canonical] of Object.entries(passed)) {
    const value: unknown = answer.headers[name];
    if (typeof value === 'string' && !value.includes(serviceToken)) headers[canonical] = value;
  }
  const json = body.length === 0 ? undefined : parse(body, headers['Content-Type']);
  const emptyIsFine = status === 204 || status >= 400;
  if (json === undefined && !(body.length === 0 && emptyIsFine)) throw broken('http_protocol_error');
  if (json !== undefined && repeats(serviceToken, body, json.value)) throw broken('http_protocol_error');
  return { status, headers, body, json: json?.value, requestId: requestIdOf(answer, serviceToken) };
}

const isPassable = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 600);

function parse(body: Buffer, contentType: string | undefined): { readonly value: unknown } | undefined {
  if (contentType === undefined || !jsonMediaType.test(contentType)) return undefined;
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
}

/** Looks at the bytes and, since JSON can spell every character in two ways, at the text that they stand for. */
function repeats(token: string, body: Buffer, value: unknown): boolean {
  if (body.includes(token)) return true;
  return body.includes('\\') && JSON.stringify(value).includes(JSON.stringify(token).slice(1, -1));
}

function requestIdOf({ headers }: Answer, serviceToken: string): string | undefined {
  const value: unknown = headers['x-request-id'];
  const good = typeof value === 'string' && requestIdShape.test(value) && !value.includes(serviceToken);
  return good ? value : undefined;
}
