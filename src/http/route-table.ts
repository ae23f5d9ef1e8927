// Knows every route. Matches the path as it came, without decoding it: an encoded slash or dot is never a path separator
// here, and what is not a route is refused.
import type { Operation } from '../operations/operation.ts';

/** Where a request goes. `template` is safe to log; the caller's own path is not. */
export type RouteMatch =
  | {
      readonly kind: 'operation';
      readonly template: string;
      readonly operation: Operation;
      readonly clusterId: string;
      readonly peeringId: string | undefined;
      readonly query: string;
    }
  | { readonly kind: 'document'; readonly template: string }
  | { readonly kind: 'policy'; readonly template: string; readonly query: string }
  /** A page for browsers, or a file that one needs. */
  | { readonly kind: 'page'; readonly template: string }
  /** A proxied route, or a document, but not with this method. */
  | { readonly kind: 'wrong-method'; readonly template: string; readonly allow: string }
  | { readonly kind: 'unknown'; readonly template: undefined };

export interface Registry {
  /** `url` in origin form. */
  match(method: string, url: string): RouteMatch;
}

export const openApiPath = '/openapi.json';
export const effectivePolicyPath = '/policy/effective';

/** `pages`: the paths of pages and their files, without the base path. */
export function createRegistry(
  operations: readonly Operation[],
  basePath: string,
  pages: Iterable<string> = [],
): Registry {
  const pageTemplates = new Map([...pages].map((page) => [basePath + page, page]));
  const templates = [...new Set(operations.map(({ route }) => route))];
  const routes = templates.map((template) => ({
    template,
    expression: new RegExp(
      `^${literal(basePath)}${template
        .split(/\{(clusterId|peeringId)\}/)
        .map((part, index) => (index % 2 === 0 ? literal(part) : `(?<${part}>[^/]+)`))
        .join('')}$`,
    ),
    operations: operations.filter(({ route }) => route === template),
  }));

  return {
    match: (method, url) => {
      const queryAt = url.indexOf('?');
      const path = queryAt < 0 ? url : url.slice(0, queryAt);
      const query = queryAt < 0 ? '' : url.slice(queryAt + 1);
      if (path === basePath + openApiPath)
        return readable(method, { kind: 'document', template: openApiPath });
      if (path === basePath + effectivePolicyPath)
        return readable(method, { kind: 'policy', template: effectivePolicyPath, query });
      const page = pageTemplates.get(path);
      if (page !== undefined) return readable(method, { kind: 'page', template: page });
      for (const { template, expression, operations: candidates } of routes) {
        const { clusterId, peeringId } = expression.exec(path)?.groups ?? {};
        if (clusterId === undefined) continue;
        const operation = candidates.find((candidate) => candidate.method === method);
        if (operation !== undefined)
          return { kind: 'operation', template, operation, clusterId, peeringId, query };
        return {
          kind: 'wrong-method',
          template,
          allow: candidates.map((candidate) => candidate.method).join(', '),
        };
      }
      return { kind: 'unknown', template: undefined };
    },
  };
}

/** What is the gateway's own to tell can be read, and nothing else. */
function readable<Match extends RouteMatch & { readonly template: string }>(
  method: string,
  match: Match,
): RouteMatch {
  if (method === 'GET' || method === 'HEAD') return match;
  return { kind: 'wrong-method', template: match.template, allow: 'GET, HEAD' };
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
