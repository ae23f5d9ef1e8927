// What the gateway tells of itself: metrics always, traces when they are on.
import type { Metrics } from './metrics.ts';
import type { Tracer } from './tracer.ts';

export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
}
