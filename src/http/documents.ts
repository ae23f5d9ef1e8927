// The contract as a document: `openapi/gateway.yaml` in JSON, made once at the start.
import type { RequestHandler } from 'express';
import { contextOf } from './request-context.ts';
import { respond } from './respond.ts';

/** `document` is the JSON text that is served. */
export const serveOpenApi = (document: string): RequestHandler => {
  const body = Buffer.from(document);
  const fields = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' };
  return (_request, response, next) => {
    if (contextOf(response).route.kind !== 'document') {
      next();
      return;
    }
    respond(response, 200, fields, body, true);
  };
};
