// An answer as a value. It lacks only the header fields that every HTTP answer has.
import type { AnswerParts } from '../net/passable-answer.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';

/** Header fields by name. A name always has the same spelling. */
type Fields = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Fields;
  /** `undefined` if the answer has no content (RFC 9110 section 6.4.1). */
  readonly body: Buffer | undefined;
  /** All requests share this body, so it stays in memory anyway. */
  readonly shared?: boolean;
}

/** The upstream's answer, with status and body unchanged. */
export const passOn = (answer: UpstreamAnswer): Answer =>
  storedAnswer(answer, { 'Proxy-Status': `peergate; received-status=${answer.status}` });

/** The answer to an earlier request with the same Idempotency-Key. */
export const replay = (answer: AnswerParts): Answer =>
  storedAnswer(answer, { 'Idempotency-Replayed': 'true', 'Proxy-Status': 'peergate' });

function storedAnswer({ status, headers, body, requestId }: AnswerParts, own: Fields): Answer {
  const fields = { ...headers, ...idField(requestId), ...own };
  return { status, headers: fields, body: status === 204 ? undefined : body };
}

/** `requestId`: the upstream's; without one the answer keeps the one that was sent. */
const idField = (requestId: string | undefined): Fields =>
  requestId === undefined ? {} : { 'X-Request-Id': requestId };

/** The gateway's own answer to a proxied route. */
export const jsonAnswer = (status: number, value: unknown, headers: Fields): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
});

/** The gateway's answer from a list that the upstream answered under this id. */
export const answerFromList = (
  status: number,
  value: unknown,
  requestId: string | undefined,
  headers: Fields = {},
): Answer =>
  jsonAnswer(status, value, {
    'Proxy-Status': 'peergate; received-status=200',
    ...idField(requestId),
    ...headers,
  });

/** The answer, or 304 if the caller already has its `ETag` (RFC 9110 section 13.1.2). */
export function taggedAnswer(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const { ETag: etag } = answer.headers;
  if (etag === undefined || !isKnown(ifNoneMatch, etag)) return answer;
  return { ...answer, status: 304, body: undefined };
}

/**
 * Uses weak comparison. Express's own check also honours `Cache-Control: no-cache`, which addresses caches and not the origin;
 * common clients send it with If-None-Match.
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes('*') || known.includes(etag);
}
