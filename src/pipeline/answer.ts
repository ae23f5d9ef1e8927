// An answer as a value: what the HTTP border writes, but for the header fields that every answer has.
import type { StoredAnswer } from '../state/idempotency/idempotency-store.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';

/** Header fields by their names, each spelt in one way only. */
export type Fields = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Fields;
  /** `undefined`: the answer is one that has none (RFC 9110 section 6.4.1). */
  readonly body: Buffer | undefined;
  /** The body is the same for every request, and stays in memory anyway. */
  readonly shared?: boolean;
}

/** The upstream's answer: status and body as they came, and the named header fields. */
export const passOn = (answer: UpstreamAnswer): Answer =>
  storedAnswer(answer, { 'Proxy-Status': `peergate; received-status=${answer.status}` });

/** The answer that an earlier request with the same Idempotency-Key had (interface, section 3). */
export const replay = (answer: StoredAnswer): Answer =>
  storedAnswer(answer, { 'Idempotency-Replayed': 'true', 'Proxy-Status': 'peergate' });

function storedAnswer({ status, headers, body, requestId }: StoredAnswer, own: Fields): Answer {
  const id = requestId === undefined ? {} : { 'X-Request-Id': requestId };
  return { status, headers: { ...headers, ...id, ...own }, body: status === 204 ? undefined : body };
}

/** An answer of the gateway's own to a proxied route. `headers` are added to the usual ones. */
export const jsonAnswer = (status: number, value: unknown, headers: Fields): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
});

/** The answer, or 304 if it has an `ETag` and the caller has it already (RFC 9110 section 13.1.2). */
export function taggedAnswer(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const { ETag: etag } = answer.headers;
  if (etag === undefined || !isKnown(ifNoneMatch, etag)) return answer;
  return { ...answer, status: 304, body: undefined };
}

/**
 * By weak comparison. Express's own check also looks at the request's Cache-Control, where `no-cache` asks caches, not the
 * origin, and common clients send it together with If-None-Match.
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes('*') || known.includes(etag);
}
