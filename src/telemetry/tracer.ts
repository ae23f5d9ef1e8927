// What the gateway needs of traces, without any of the packages that make them: these are loaded only when traces are on.
import type { Logger } from '../logging/logger.ts';
import type { EgressProxy } from '../outbound/agent.ts';

export interface Span {
  /** 32 hexadecimal digits, lower case (W3C Trace Context, section 3.2.2.3). */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** When the span began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** To be sent on (W3C Trace Context, section 3.2). */
  readonly traceparent: string;
  /** `client`: for a request to another server. */
  child(name: string, kind?: 'client'): Span;
  set(attributes: Readonly<Record<string, string | number | boolean | undefined>>): void;
  /** Sets only the code or the class of the error: a message may quote the request. */
  fail(error: unknown): void;
  end(): void;
}

export interface Tracer {
  /** `traceparent` as it came; one that is not well-formed begins a new trace, and so does none. */
  request(method: string, traceparent: string | undefined): Span;
  /** Sends what is left, within `milliseconds`. Never rejects. */
  stop(milliseconds: number): Promise<void>;
}

export interface TracerSettings {
  /** Of OTLP over HTTP, with its path. */
  readonly url: string;
  readonly protocol: 'http/json' | 'http/protobuf';
}

export interface TracerParts {
  readonly version: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly egressProxy: EgressProxy;
}

/** `undefined` without settings: then nothing of OpenTelemetry is loaded. What the packages refuse never stops a start. */
export async function openTracer(
  settings: TracerSettings | undefined,
  parts: TracerParts,
): Promise<Tracer | undefined> {
  if (settings === undefined) return undefined;
  const { openTelemetryTracer } = await import('./open-telemetry.ts');
  try {
    return openTelemetryTracer(settings, parts);
  } catch (error) {
    parts.logger.warn({ err: error }, 'OpenTelemetry refuses its settings: no traces are made');
    return undefined;
  }
}
