// The parts of prom-client that are used, loaded one by one: its index brings OpenTelemetry, a cluster master and an HTTP
// client along, which nobody here needs.
import { createRequire } from 'node:module';
import { cpuUsage } from 'node:process';
import type * as prometheus from 'prom-client';

const load = createRequire(import.meta.url);

export const Registry = load('prom-client/lib/registry') as typeof prometheus.Registry;
export const Counter = load('prom-client/lib/counter') as typeof prometheus.Counter;
export const Gauge = load('prom-client/lib/gauge') as typeof prometheus.Gauge;

type Collector = (registry: prometheus.Registry, options: object) => void;

/** Of prom-client's own metrics those that an operator looks at. */
const ofTheProcess = [
  'eventLoopLag',
  'gc',
  'heapSizeAndUsed',
  'osMemoryHeap',
  'processMaxFileDescriptors',
  'processOpenFileDescriptors',
  'processStartTime',
  'version',
].map((name) => load(`prom-client/lib/metrics/${name}`) as Collector);

/** Memory, processor time, event loop, garbage collection and file descriptors of this process, by their usual names. */
export function collectProcessMetrics(registry: prometheus.Registry): void {
  for (const collect of ofTheProcess) collect(registry, { eventLoopMonitoringPrecision: 10 });
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time of the process.',
    registers: [registry],
    collect() {
      const { user, system } = cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    },
  });
}
