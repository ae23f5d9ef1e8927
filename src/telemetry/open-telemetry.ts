// Traces by OpenTelemetry, sent by OTLP over HTTP. Loaded only when they are on. Sampler, batches, limits, headers and the rest
// are taken from the standard OTEL_* variables by the packages themselves; a collector that fails costs a request nothing.
import {
  type Context,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { getStringFromEnv, parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { withTimeout } from '../async/with-timeout.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { isLoopback } from '../net/secure-url.ts';
import type { EgressProxy } from '../outbound/agent.ts';
import { readRegularFileSync } from '../regular-file.ts';
import type { Span, Tracer, TracerParts, TracerSettings } from './tracer.ts';

/** Minimum time between two warnings about the collector. */
const warningIntervalMs = 60_000;
const statusAttribute = 'http.response.status_code';

export function openTelemetryTracer({ url, protocol }: TracerSettings, parts: TracerParts): Tracer {
  const { version, instance, logger, egressProxy } = parts;
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  // The packages have one logger for the whole process; the newest gateway's is as good as an older one's.
  diag.setLogger(rateLimitedWarnings(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const own = resourceFromAttributes({
    'service.name': 'peergate',
    'service.version': version,
    'service.instance.id': instance,
  });
  const provider = new BasicTracerProvider({
    // The environment comes last and takes precedence.
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new Exporter({ url, ...proxied(url, egressProxy) }))],
  });
  const tracer = provider.getTracer('peergate', version);
  return {
    request(method, traceparent) {
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, parentOf(traceparent));
      return new GatewaySpan(tracer, span);
    },
    async stop(milliseconds) {
      await withTimeout(
        milliseconds,
        provider.shutdown().catch(() => undefined),
      );
    },
  };
}

/** The exporters connect by Node's own client. Their options replace what the exporters read for it from the environment. */
function proxied(url: string, { httpProxy, httpsProxy = httpProxy, noProxy }: EgressProxy) {
  const isProxied = httpsProxy !== undefined && !isLoopback(new URL(url).hostname);
  if (!isProxied) return {};
  const proxyEnv = { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy };
  const tls = { ca: fileFor('CERTIFICATE'), cert: fileFor('CLIENT_CERTIFICATE'), key: fileFor('CLIENT_KEY') };
  return { httpAgentOptions: { keepAlive: true, proxyEnv, ...tls } };
}

/** Throws when the file cannot be read. */
function fileFor(name: string): Buffer | undefined {
  const path =
    getStringFromEnv(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? getStringFromEnv(`OTEL_EXPORTER_OTLP_${name}`);
  return path === undefined ? undefined : readRegularFileSync(path);
}

/** The caller's span, if the header names one (W3C Trace Context, section 4.3). Its `tracestate` is not looked at. */
function parentOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

class GatewaySpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt = Date.now();
  readonly traceparent: string;
  readonly #tracer: OtelTracer;
  readonly #span: OtelSpan;

  constructor(tracer: OtelTracer, span: OtelSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.#tracer = tracer;
    this.#span = span;
    this.traceId = traceId;
    this.spanId = spanId;
    this.traceparent = `00-${traceId}-${spanId}-${(traceFlags & 1) === 1 ? '01' : '00'}`;
  }

  child(name: string, kind?: 'client'): Span {
    const options = kind === 'client' ? { kind: SpanKind.CLIENT } : {};
    return new GatewaySpan(
      this.#tracer,
      this.#tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, this.#span)),
    );
  }

  set(attributes: Readonly<Record<string, string | number | boolean | undefined>>): void {
    for (const [name, value] of Object.entries(attributes))
      if (value !== undefined) this.#span.setAttribute(name, value);
    // Whoever made it, an answer of 500 or above is an error (OpenTelemetry semantic conventions for HTTP servers).
    if (Number(attributes[statusAttribute]) >= 500) this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  fail(error: unknown): void {
    const type =
      error instanceof GatewayError
        ? error.code
        : error instanceof Error
          ? error.constructor.name
          : typeof error;
    // What the gateway refuses is no failure of the gateway's (OpenTelemetry semantic conventions for HTTP servers).
    if (!(error instanceof GatewayError) || error.rule.status >= 500)
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.setAttribute('error.type', type);
  }

  end(): void {
    this.#span.end();
  }
}

function rateLimitedWarnings(logger: Logger) {
  let quietUntil = Number.NEGATIVE_INFINITY;
  const warn = (message: string) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + warningIntervalMs;
    logger.warn({ detail: summaryOf(message).slice(0, 200) }, 'failed to export traces');
  };
  const ignore = () => undefined;
  return { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
}

/** Name and message only: the packages serialize errors with their stack and the collector's answer. */
function summaryOf(warning: string): string {
  try {
    const { name, message } = JSON.parse(warning) as { name?: string; message?: string };
    return `${name ?? 'Error'}: ${message}`;
  } catch {
    return warning;
  }
}
