// The security headers of every answer. They are the same for all, so helmet computes them once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { contextOf } from '../request-context.ts';

export function securityHeaders(): RequestHandler {
  const fields = fieldsOfHelmet();
  return (_request, response, next) => {
    contextOf(response).fields.push(...fields);
    next();
  };
}

/** Names and values in turn. */
function fieldsOfHelmet(): readonly string[] {
  const fields: string[] = [];
  const response = {
    setHeader: (name: string, value: string) => void fields.push(name, value),
    removeHeader: () => undefined,
  };
  let failure: unknown = 'unfinished';
  helmet()({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    failure = error;
  });
  // helmet calls back synchronously. If that changes, the gateway must not start without the headers.
  if (failure !== undefined) throw new Error('helmet did not set its headers synchronously');
  return fields;
}
