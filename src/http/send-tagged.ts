// Answers with a body that has an entity tag: with 304 when the caller has it already (RFC 9110 section 13.1.2).
import type { Request, Response } from 'express';
import { type Fields, respond } from './respond.ts';

export interface Tagged {
  /** All but the tag. */
  readonly fields: Fields;
  readonly body: Buffer;
  /** A strong one. */
  readonly etag: string;
  /** The body is the same for every request. */
  readonly shared: boolean;
}

export function sendTagged(request: Request, response: Response, tagged: Tagged): void {
  const { fields, body, etag, shared } = tagged;
  const known = isKnown(request.headers['if-none-match'], etag);
  respond(response, known ? 304 : 200, { ...fields, ETag: etag }, known ? undefined : body, shared);
}

/**
 * By weak comparison. Express's own check also looks at the request's Cache-Control, where `no-cache` asks caches, not the
 * origin, and common clients send it together with If-None-Match.
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes('*') || known.includes(etag);
}
