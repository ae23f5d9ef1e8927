// Refuses what is no route, a method that the route does not have, and a message whose end is a matter of opinion.
import type { RequestHandler } from 'express';
import { GatewayError } from '../errors.ts';
import { checkFraming } from './read-body.ts';
import { contextOf } from './request-context.ts';

export const requireRoute: RequestHandler = (request, response, next) => {
  const { route } = contextOf(response);
  if (route.kind === 'unknown') throw new GatewayError('route-unknown');
  if (route.kind === 'wrong-method') {
    // RFC 9110 section 15.5.6.
    throw new GatewayError('method-not-allowed', {
      detail: `The route does not support this method, only ${route.allow}.`,
      headers: { Allow: route.allow },
    });
  }
  checkFraming(request);
  next();
};
