// The contract as a document: `openapi/gateway.yaml` in JSON, made once at the start.
import type { RequestHandler } from 'express';
import { contextOf } from './request-context.ts';

/** `document` is the JSON text that is served. */
export const serveOpenApi = (document: string): RequestHandler => {
  const body = Buffer.from(document);
  return (_request, response, next) => {
    if (contextOf(response).route.kind !== 'document') {
      next();
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'public, max-age=300');
    response.setHeader('Content-Length', body.length);
    response.end(body);
  };
};
