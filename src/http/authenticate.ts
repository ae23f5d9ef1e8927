// Turns a bearer token into a caller, and a caller into one that may do what is asked. Nothing of a body has been read
// when these refuse.
import type { RequestHandler } from 'express';
import { insufficientScope, readBearerToken } from '../identity/bearer-token.ts';
import type { VerifyToken } from '../identity/verify-token.ts';
import { callerOf, contextOf } from './request-context.ts';

export const authenticate =
  (verifyToken: VerifyToken): RequestHandler =>
  async (request, response, next) => {
    const context = contextOf(response);
    // Keys may have to be fetched first; meanwhile the place stays taken, though the caller hang up.
    const release = context.hold();
    try {
      context.caller = await context.stages.run('authenticate', () =>
        verifyToken(readBearerToken(request.rawHeaders)),
      );
    } finally {
      release();
    }
    next();
  };

export const requireScope: RequestHandler = (_request, response, next) => {
  const { route } = contextOf(response);
  if (route.kind === 'operation' && !callerOf(response).scopes.has(route.operation.scope)) {
    throw insufficientScope(route.operation.scope);
  }
  next();
};
