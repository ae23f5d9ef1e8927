// The values that are read from the parts of the gateway whenever `/metrics` is asked for.
import type { Metrics, Reading } from './metrics.ts';

/** What is to be read; the names say of what. Times are milliseconds since the epoch. */
export interface Readings {
  readonly inFlight: () => number;
  readonly maxInFlight: () => number;
  readonly waiting: () => number;
  readonly ready: () => boolean;
  readonly auditWritable: () => boolean;
  readonly auditWaiting: () => number;
  readonly logLinesDropped: () => number;
  readonly createsUnsettled: () => number;
  readonly policyVersion: () => string;
  readonly policyLoadedAt: () => number;
  readonly reportMode: () => boolean;
  readonly policyRejected: () => boolean;
  readonly tokensRemembered: () => number;
  readonly keySets: ReadonlyMap<
    string,
    { readonly count: number; readonly ignored: number; readonly fetchedAt: number | undefined }
  >;
  readonly breakers: Readonly<Record<string, { readonly open: boolean }>>;
  readonly redisUp: () => boolean | undefined;
  /** When the certificate of the listener ends; `undefined` without TLS. */
  readonly certificateEndsAt: () => number | undefined;
}

export function registerGauges(metrics: Metrics, readings: Readings): void {
  const flag = (value: boolean) => (value ? 1 : 0);
  const each =
    <Value>(entries: Iterable<readonly [string, Value]>, read: (value: Value) => number): Reading =>
    () =>
      [...entries].map(([name, value]) => [name, read(value)] as const);
  const { keySets, breakers } = readings;
  const gauges: readonly (readonly [name: string, help: string, read: Reading, label?: string])[] = [
    ['requests_in_flight', 'Requests being served.', readings.inFlight],
    ['requests_in_flight_max', 'How many requests may be served at once.', readings.maxInFlight],
    ['requests_waiting', 'Requests that wait for a peering.', readings.waiting],
    ['ready', '1 when /readyz says so.', () => flag(readings.ready())],
    ['audit_writable', '0 when records cannot be written.', () => flag(readings.auditWritable())],
    ['audit_queue_records', 'Records that wait to be written.', readings.auditWaiting],
    ['creates_unsettled', 'Creates of which it is not known yet what became.', readings.createsUnsettled],
    ['policy_info', 'Always 1, by the version in force.', () => [[readings.policyVersion(), 1]], 'version'],
    ['policy_loaded_timestamp_seconds', 'When it took effect.', () => readings.policyLoadedAt() / 1000],
    [
      'policy_rejected',
      '1 while the policy in the file has faults or cannot be read, and an older one is in force.',
      () => flag(readings.policyRejected()),
    ],
    [
      'tokens_remembered',
      'Verified tokens that need no second look at their signature.',
      readings.tokensRemembered,
    ],
    ['policy_report_mode', '1 when the policy refuses nothing.', () => flag(readings.reportMode())],
    ['keys', 'Usable keys of an issuer.', each(keySets, ({ count }) => count), 'issuer'],
    [
      'keys_ignored',
      "Entries of an issuer's key set that cannot be used.",
      each(keySets, ({ ignored }) => ignored),
      'issuer',
    ],
    [
      'keys_fetched_timestamp_seconds',
      "The last good fetch of an issuer's keys; 0: never.",
      each(keySets, ({ fetchedAt }) => (fetchedAt ?? 0) / 1000),
      'issuer',
    ],
    [
      'breaker_open',
      '1 while such requests to Aerospike Cloud are refused.',
      each(Object.entries(breakers), ({ open }) => flag(open)),
      'method',
    ],
    ['redis_up', '0 when Redis is down; not there without REDIS_URL.', () => optional(readings.redisUp())],
    [
      'tls_certificate_expires_timestamp_seconds',
      'When the certificate of the public listener ends; not there without TLS.',
      () => optional(readings.certificateEndsAt(), 1000),
    ],
  ];
  for (const [name, help, read, label] of gauges) metrics.gauge(name, help, read, label);
  metrics.counted('log_lines_dropped_total', 'Log lines that were not written.', readings.logLinesDropped);
  for (const issuer of keySets.keys()) metrics.issuerKnown(issuer);
}

const optional = (value: number | boolean | undefined, unit = 1): number | undefined =>
  value === undefined ? undefined : Number(value) / unit;
