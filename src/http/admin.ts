// The admin listener's answers: `/healthz` says that the process lives, `/readyz` whether it can do its work. Tells
// nothing beyond that, and has no other route.
import type { RequestListener } from 'node:http';

/** Each check by name; the gateway is ready when all hold. */
export type ReadinessChecks = Readonly<Record<string, () => boolean>>;

export const adminListener =
  (checks: ReadinessChecks): RequestListener =>
  (request, response) => {
    const [status, body] = answer(request.method, request.url, checks);
    const text = `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(text),
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    });
    response.end(text);
  };

function answer(
  method: string | undefined,
  url: string | undefined,
  checks: ReadinessChecks,
): [number, object] {
  const path = url?.split('?')[0];
  if (path !== '/healthz' && path !== '/readyz') return [404, { status: 'not found' }];
  if (method !== 'GET' && method !== 'HEAD') return [405, { status: 'method not allowed' }];
  if (path === '/healthz') return [200, { status: 'ok' }];
  const results = Object.fromEntries(Object.entries(checks).map(([name, holds]) => [name, holds()]));
  const ready = Object.values(results).every(Boolean);
  return [ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks: results }];
}
