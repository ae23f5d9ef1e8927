// Refuses unknown routes, and methods that the route does not support.
import { GatewayError } from '../../errors.ts';
import type { RouteMatch } from '../route-table.ts';

type FoundRoute = Extract<RouteMatch, { kind: 'operation' | 'document' }>;

/** Throws `route-unknown` or `method-not-allowed`. */
export function requireRoute(route: RouteMatch): FoundRoute {
  if (route.kind === 'unknown') throw new GatewayError('route-unknown');
  if (route.kind !== 'wrong-method') return route;
  // RFC 9110 section 15.5.6.
  throw new GatewayError('method-not-allowed', {
    detail: `The route does not support this method. It supports ${route.allow}.`,
    headers: { Allow: route.allow },
  });
}
