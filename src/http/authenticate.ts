// Turns a bearer token into a caller, and a caller into one that may do what is asked. Nothing of a body has been read
// when these refuse.
import type { RequestHandler, Response } from 'express';
import { insufficientScope, readBearerToken } from '../identity/bearer-token.ts';
import type { RememberedTokens } from '../identity/remembered-tokens.ts';
import { callerOf, contextOf } from './request-context.ts';

export const authenticate =
  (tokens: RememberedTokens): RequestHandler =>
  (request, response, next) => {
    const { stages } = contextOf(response);
    const token = readBearerToken(request.rawHeaders);
    const known = stages.runNow('authenticate', () => tokens.recall(token));
    if (known === undefined) {
      verify(tokens, token, response).then(() => next(), next);
      return;
    }
    contextOf(response).caller = known;
    next();
  };

async function verify(tokens: RememberedTokens, token: string, response: Response): Promise<void> {
  const context = contextOf(response);
  // Keys may have to be fetched first; meanwhile the slot stays taken, though the caller hang up.
  context.slot?.hold();
  try {
    context.caller = await context.stages.run('verify', () => tokens.verify(token));
  } finally {
    context.slot?.release();
  }
}

export const requireScope: RequestHandler = (_request, response, next) => {
  const { route } = contextOf(response);
  if (route.kind === 'operation' && !callerOf(response).scopes.has(route.operation.scope)) {
    throw insufficientScope(route.operation.scope);
  }
  next();
};
