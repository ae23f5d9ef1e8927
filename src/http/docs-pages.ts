// `GET /docs`, `GET /docs/policy` and the files that these pages are made of, from memory. Looks up what the registry has
// matched; no path of a caller's ever reaches the disk.
import type { RequestHandler } from 'express';
import type { DocsFiles } from './docs-files.ts';
import { contextOf } from './request-context.ts';

export const serveDocsPages =
  (files: DocsFiles): RequestHandler =>
  (request, response, next) => {
    const { route } = contextOf(response);
    const file = route.kind === 'page' ? files.get(route.template) : undefined;
    if (file === undefined) {
      next();
      return;
    }
    for (const [name, value] of Object.entries(file.headers)) response.setHeader(name, value);
    response.setHeader('ETag', file.etag);
    if (isKnown(request.headers['if-none-match'], file.etag)) {
      response.statusCode = 304;
      response.removeHeader('Content-Type');
      response.end();
      return;
    }
    response.setHeader('Content-Length', file.body.length);
    response.end(file.body);
  };

/** RFC 9110 section 13.1.2, by weak comparison. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes('*') || known.includes(etag);
}
