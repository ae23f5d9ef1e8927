// Refuses ambiguous messages, unknown routes, and methods that the route does not support.
import type { RequestHandler } from 'express';
import { GatewayError } from '../../errors.ts';
import { checkMessage } from '../listener/check-message.ts';
import { contextOf } from '../request-context.ts';

export const requireRoute: RequestHandler = (request, response, next) => {
  checkMessage(request);
  const { route } = contextOf(response);
  if (route.kind === 'unknown') throw new GatewayError('route-unknown');
  if (route.kind === 'wrong-method') {
    // RFC 9110 section 15.5.6.
    throw new GatewayError('method-not-allowed', {
      detail: `The route does not support this method. It supports ${route.allow}.`,
      headers: { Allow: route.allow },
    });
  }
  next();
};
