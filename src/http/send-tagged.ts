// Answers with a body that has an entity tag: with 304 when the caller has it already (RFC 9110 section 13.1.2).
import type { Request, Response } from 'express';

/** `etag` is strong. The answer's other fields are set already. */
export function sendTagged(request: Request, response: Response, body: Buffer, etag: string): void {
  response.setHeader('ETag', etag);
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.statusCode = 304;
    response.removeHeader('Content-Type');
    response.end();
    return;
  }
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/**
 * By weak comparison. Express's own check also looks at the request's Cache-Control, where `no-cache` asks caches, not the
 * origin, and common clients send it together with If-None-Match.
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes('*') || known.includes(etag);
}
