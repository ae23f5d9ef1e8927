// `GET /docs`, `GET /docs/policy` and the files that these pages are made of, from memory. Looks up what the registry has
// matched; no path of a caller's ever reaches the disk.
import type { RequestHandler } from 'express';
import type { DocsFiles } from './docs-files.ts';
import { contextOf } from './request-context.ts';
import { sendTagged } from './send-tagged.ts';

export const serveDocsPages =
  (files: DocsFiles): RequestHandler =>
  (request, response, next) => {
    const { route } = contextOf(response);
    const file = route.kind === 'page' ? files.get(route.template) : undefined;
    if (file === undefined) {
      next();
      return;
    }
    const { headers, body, etag } = file;
    sendTagged(request, response, { fields: headers, body, etag, shared: true });
  };
