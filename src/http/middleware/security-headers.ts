// The security headers of every answer: helmet's, which are the same for all, so they are asked for once.
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
  // It answers in the same turn; if that should change, nothing must go out without its headers.
  if (failure !== undefined) throw new Error('helmet could not be asked for its headers');
  return fields;
}
