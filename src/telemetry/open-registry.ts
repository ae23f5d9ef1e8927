// The registry of prom-client: renders the gateway's instruments and measures the process. It is loaded after the start, since
// prom-client takes longer to load than the gateway itself.
import type { Metric, Registry } from 'prom-client';
import type { Instrument } from './instruments.ts';

/** Default metrics of prom-client that are removed: their names break the naming rules, or they repeat a total. */
const omitted = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
];

export async function openRegistry(instruments: readonly Instrument[]): Promise<Registry> {
  const { default: prometheus } = await import('prom-client');
  const registry = new prometheus.Registry();
  // The registry uses only what an instrument has.
  for (const instrument of instruments) registry.registerMetric(instrument as unknown as Metric);
  prometheus.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 });
  for (const name of omitted) registry.removeSingleMetric(name);
  return registry;
}
