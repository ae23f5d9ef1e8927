// The first step: gives every request its ids, its address and its route, and the headers that every answer has. Refuses
// nothing.
import type { RequestHandler } from 'express';
import type { Clock } from '../clock.ts';
import type { Registry, RouteMatch } from '../operations/registry.ts';
import type { PolicyStore } from '../policy/store.ts';
import { clientAddress } from './client-address.ts';
import { setContext } from './request-context.ts';

/** The interface's set of characters, 1 to 128 of them. */
const goodRequestId = /^[A-Za-z0-9._:~+/=-]{1,128}$/;

export function receive(clock: Clock, registry: Registry, policies: PolicyStore): RequestHandler {
  return (request, response, next) => {
    const gatewayRequestId = clock.newId();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && goodRequestId.test(given) ? given : gatewayRequestId;
    const route = registry.match(request.method, request.url);
    setContext(response, {
      startedAt: clock.now(),
      gatewayRequestId,
      requestId,
      clientAddress: clientAddress(request),
      route,
      policy: policies.current(),
      dryRun: asksForDryRun(route),
      hold: () => () => undefined,
      stepAside: () => undefined,
    });
    response.setHeader('X-Gateway-Request-Id', gatewayRequestId);
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('Cache-Control', 'no-store');
    next();
  };
}

/** Whether the parameter is well-formed is for the operation to say; a refusal on the way there is one of a dry run, too. */
const asksForDryRun = (route: RouteMatch): boolean =>
  route.kind === 'operation' &&
  route.operation.action === 'create' &&
  new URLSearchParams(route.query).get('dryRun') === 'true';
