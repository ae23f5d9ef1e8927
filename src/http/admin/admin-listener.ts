// The routes of the admin listener: `/healthz` (the process is alive), `/readyz` (it can serve requests) and `/metrics`. They
// disclose nothing else, and there are no other routes.
import type { RequestListener, ServerResponse } from 'node:http';

/** The gateway is ready when all checks hold. */
export type ReadinessChecks = Readonly<Record<string, () => boolean>>;

interface RenderedMetrics {
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const paths = ['/healthz', '/readyz', '/metrics'];

export const adminListener =
  (checks: ReadinessChecks, metrics: RenderedMetrics): RequestListener =>
  (request, response) => {
    answer(request.method, request.url?.split('?')[0] ?? '', checks, metrics).then(
      (given) => send(response, given),
      () => response.destroy(),
    );
  };

async function answer(
  method: string | undefined,
  path: string,
  checks: ReadinessChecks,
  metrics: RenderedMetrics,
): Promise<AdminAnswer> {
  if (!paths.includes(path)) return json(404, { status: 'not found' });
  if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'method not allowed' });
  if (path === '/metrics') return { status: 200, ...(await metrics.render()) };
  if (path === '/healthz') return json(200, { status: 'ok' });
  const results = Object.fromEntries(Object.entries(checks).map(([name, holds]) => [name, holds()]));
  const ready = Object.values(results).every(Boolean);
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks: results });
}

function send(response: ServerResponse, { status, contentType, text }: AdminAnswer): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(text),
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(text);
}

const json = (status: number, body: object): AdminAnswer => ({
  status,
  contentType: 'application/json',
  text: `${JSON.stringify(body)}\n`,
});
