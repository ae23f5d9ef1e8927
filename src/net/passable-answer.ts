// Decides which answers may reach a caller, whether they come from the upstream or from a store. Status, header values and JSON
// body must be valid.

export interface AnswerParts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The upstream's `X-Request-Id`. */
  readonly requestId: string | undefined;
}

/** `json` is `undefined` if the body is empty. */
interface PassableBody {
  readonly json: unknown;
}

const jsonMediaType = /^application\/([a-z0-9!#$&^_.+-]+\+)?json[ \t]*(;|$)/i;
/** RFC 9110 section 5.5: visible characters, spaces and tabs, and obs-text. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const requestIdPattern = /^[\x21-\x7e]{1,200}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export const isRequestId = (value: unknown): value is string =>
  typeof value === 'string' && requestIdPattern.test(value);

/** 2xx, 4xx and 5xx are passed on, redirects are not. */
export const isPassableStatus = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 600);

/** `undefined`: the answer must not reach a caller. */
export function readPassable({ status, headers, body, requestId }: AnswerParts): PassableBody | undefined {
  const isCarriable = Object.values(headers).every((value) => fieldValue.test(value));
  if (!isPassableStatus(status) || !isCarriable) return undefined;
  if (requestId !== undefined && !isRequestId(requestId)) return undefined;
  if (body.length === 0) return status === 204 || status >= 400 ? { json: undefined } : undefined;
  if (!jsonMediaType.test(headers['Content-Type'] ?? '')) return undefined;
  try {
    return { json: JSON.parse(utf8.decode(body)) };
  } catch {
    return undefined;
  }
}
