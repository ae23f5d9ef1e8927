// A collector of traces on loopback, by OTLP over HTTP: it keeps every byte that it was sent, reads the JSON, and can be down,
// hang or fail.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { until } from '../support/until.ts';

// Read by the packages themselves: spans leave as soon as they have ended.
process.env['OTEL_BSP_SCHEDULE_DELAY'] = '10';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for one that begins a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** OTLP: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** OTLP: 0 not set, 2 error. */
  readonly status: number;
  readonly attributes: Record<string, unknown>;
  readonly resource: Record<string, unknown>;
}

export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly requests: readonly { path: string; headers: IncomingHttpHeaders; body: Buffer }[];
  /** In the order in which they came. */
  readonly spans: readonly ReceivedSpan[];
  /** From now on: 200, another status, or no answer. */
  answerWith(status: number | 'nothing'): void;
  /** The spans of one request, when the one that holds them has come. */
  ofRequest(name: string): Promise<readonly ReceivedSpan[]>;
}

export async function startCollector(test: TestContext): Promise<Collector> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const spans: ReceivedSpan[] = [];
  let mode: number | 'nothing' = 200;
  const server = await startLoopbackServer(async (request, response: ServerResponse) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    requests.push({ path: request.url ?? '', headers: request.headers, body });
    if (request.headers['content-type'] === 'application/json') spans.push(...spansIn(body));
    if (mode === 'nothing') return;
    response.writeHead(mode, { 'content-type': 'application/json' }).end('{}');
  });
  test.after(() => server.close());
  return {
    url: server.origin,
    requests,
    spans,
    answerWith(wanted) {
      mode = wanted;
    },
    async ofRequest(name) {
      const isRoot = (span: ReceivedSpan) => span.kind === 2 && span.name === name;
      await until(`a span ${name}`, () => spans.some(isRoot));
      const root = spans.find(isRoot);
      return spans.filter(({ traceId }) => traceId === root?.traceId);
    },
  };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Record<string, unknown>;
}

/** OTLP 1.x, `ExportTraceServiceRequest` in its JSON form. */
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly OtlpAttribute[];
}

function spansIn(body: Buffer): ReceivedSpan[] {
  const { resourceSpans }: OtlpRequest = JSON.parse(body.toString('utf8'));
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        status: span.status?.code ?? 0,
        attributes: attributesIn(span.attributes),
        resource: attributesIn(resource.attributes),
      })),
    ),
  );
}

const attributesIn = (list: readonly OtlpAttribute[]) =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
