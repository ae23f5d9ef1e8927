// Matches requests to routes. Paths are not decoded: an encoded slash is never a path separator, and an encoded dot is never a
// dot segment.
import { GatewayError } from '../errors.ts';
import type { Operation } from '../pipeline/operation.ts';

export interface OperationMatch {
  readonly kind: 'operation';
  readonly template: string;
  readonly operation: Operation;
  /** Path segments by their names in the template, not decoded. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Without the question mark. */
  readonly query: string;
}

/** `template` is safe to log; the caller's own path is not. */
export type RouteMatch =
  | OperationMatch
  /** The contract, or a page or file for browsers. */
  | { readonly kind: 'document'; readonly template: string }
  | { readonly kind: 'wrong-method'; readonly template: string; readonly allow: string }
  | { readonly kind: 'unknown'; readonly template: undefined };

type FoundRoute = Extract<RouteMatch, { kind: 'operation' | 'document' }>;

export interface RouteTable {
  /** `url` in origin form. */
  match(method: string, url: string): RouteMatch;
}

interface Route {
  readonly template: string;
  readonly expression: RegExp;
  readonly byMethod: ReadonlyMap<string, Operation>;
}

/** Throws `route-unknown`, or `method-not-allowed` if the route does not support the method. */
export function requireRoute(route: RouteMatch): FoundRoute {
  if (route.kind === 'unknown') throw new GatewayError('route-unknown');
  if (route.kind !== 'wrong-method') return route;
  // RFC 9110 section 15.5.6.
  throw new GatewayError('method-not-allowed', {
    detail: `The route does not support this method. It supports ${route.allow}.`,
    headers: { Allow: route.allow },
  });
}

/** `documents`: paths without the base path. */
export function createRouteTable(
  operations: readonly Operation[],
  basePath: string,
  documents: Iterable<string> = [],
): RouteTable {
  const documentTemplates = new Map([...documents].map((path) => [basePath + path, path]));
  const routes = routesOf(operations, basePath);
  return {
    match(method, url) {
      const queryAt = url.indexOf('?');
      const path = queryAt < 0 ? url : url.slice(0, queryAt);
      const document = documentTemplates.get(path);
      if (document !== undefined) return documentMatch(method, document);
      const query = queryAt < 0 ? '' : url.slice(queryAt + 1);
      for (const route of routes) {
        const found = route.expression.exec(path);
        if (found !== null) return operationMatch(method, route, found.groups ?? {}, query);
      }
      return { kind: 'unknown', template: undefined };
    },
  };
}

function operationMatch(
  method: string,
  { template, byMethod }: Route,
  params: Readonly<Record<string, string>>,
  query: string,
): RouteMatch {
  const operation = byMethod.get(method);
  if (operation !== undefined) return { kind: 'operation', template, operation, params, query };
  return { kind: 'wrong-method', template, allow: [...byMethod.keys()].join(', ') };
}

function routesOf(operations: readonly Operation[], basePath: string): Route[] {
  const byTemplate = Map.groupBy(operations, ({ route }) => route);
  return [...byTemplate].map(([template, candidates]) => ({
    template,
    expression: expressionOf(basePath, template),
    byMethod: new Map(
      candidates.flatMap((operation) => methodsOf(operation).map((method) => [method, operation])),
    ),
  }));
}

/** Reads that need no upstream also support HEAD (RFC 9110 section 9.3.2). */
const methodsOf = ({ method, action }: Operation): readonly string[] =>
  action === undefined ? [method, 'HEAD'] : [method];

function expressionOf(basePath: string, template: string): RegExp {
  const parts = template.split(/\{(\w+)\}/);
  const path = parts.map((part, index) => (index % 2 === 0 ? literal(part) : `(?<${part}>[^/]+)`));
  return new RegExp(`^${literal(basePath)}${path.join('')}$`);
}

function documentMatch(method: string, template: string): RouteMatch {
  if (method === 'GET' || method === 'HEAD') return { kind: 'document', template };
  return { kind: 'wrong-method', template, allow: 'GET, HEAD' };
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
