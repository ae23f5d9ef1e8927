// The metrics of the gateway. A new metric is a line in one of these tables. Every label has a bounded set of values, such as
// route templates, error codes and statuses; callers cannot add values.
import type { Registry } from 'prom-client';
import { errorRules } from '../errors.ts';
import { violationCodes } from '../policy/engine/decision.ts';
import { Counter, Histogram, Reader, type Reading } from './instruments.ts';
import { openRegistry } from './open-registry.ts';

interface CounterShape {
  readonly help: string;
  readonly labels?: readonly string[];
  /** Label values with an initial 0: a rate needs a value before the first event. */
  readonly initial?: readonly (readonly string[])[];
}

const each = (values: readonly string[]): string[][] => values.map((value) => [value]);
const upstreamFailures = ['GET', 'POST', 'DELETE'].flatMap((method) =>
  ['timeout', 'unreachable', 'broken'].map((failure) => [method, failure]),
);
const keyStates = ['acquired', 'acquired-indeterminate', 'running', 'another-request', 'answered'];
const closeReasons = ['unread', 'slow', 'pipelined', 'address-connections', 'address-bytes'];

const counters = {
  requests_total: {
    help: 'Requests by route template, method, decision of the policy and status sent.',
    labels: ['route', 'method', 'decision', 'status'],
  },
  refusals_total: {
    help: 'Answers of the gateway itself that are errors, by code.',
    labels: ['code'],
    initial: each(Object.keys(errorRules)),
  },
  policy_violations_total: {
    help: 'Violations that decisions named; in report mode they refuse nothing.',
    labels: ['code'],
    initial: each(violationCodes),
  },
  rate_limited_total: {
    help: 'Requests over a rate limit.',
    labels: ['limit'],
    initial: each(['address', 'caller']),
  },
  connections_closed_total: {
    help: 'Connections of clients that did not read, sent too much ahead, or were too many.',
    labels: ['reason'],
    initial: each(closeReasons),
  },
  idempotency_total: {
    help: 'Uses of an Idempotency-Key, by what was found under it.',
    labels: ['found'],
    initial: each(keyStates),
  },
  upstream_requests_total: {
    help: 'Requests to Aerospike Cloud, by status or kind of failure.',
    labels: ['method', 'result'],
    initial: upstreamFailures,
  },
  token_requests_total: {
    help: 'Requests for a service token.',
    labels: ['result'],
    initial: each(['ok', 'failed']),
  },
  key_fetches_total: { help: 'Fetches of the keys of an issuer.', labels: ['issuer', 'result'] },
  audit_records_total: { help: 'Audit records appended to the chain.', labels: ['event'] },
  audit_write_failures_total: { help: 'Times that the sink rejected a record.', initial: [[]] },
  policy_loads_total: {
    help: 'Changes of the policy that took effect, or did not.',
    labels: ['result'],
    initial: each(['loaded', 'rejected']),
  },
} satisfies Record<string, CounterShape>;

/** Seconds: from the gateway's own latency to the largest timeouts. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds: most stages are shorter than a millisecond. */
const fineBuckets = [0.0001, 0.00025, 0.0005, ...buckets];

const histograms = {
  request_duration_seconds: {
    help: 'From the head of a request to the end of its answer; without requests that waited for a peering.',
    label: 'route',
    bounds: buckets,
  },
  stage_duration_seconds: { help: 'Time of each stage of a request.', label: 'stage', bounds: fineBuckets },
  upstream_request_duration_seconds: {
    help: 'Requests to Aerospike Cloud, answered or not.',
    label: 'method',
    bounds: buckets,
  },
  audit_write_duration_seconds: {
    help: 'From appending a record to the chain until it is durable.',
    label: undefined,
    bounds: fineBuckets,
  },
  audit_sync_duration_seconds: {
    help: 'Appending to the audit file and fdatasync.',
    label: undefined,
    bounds: fineBuckets,
  },
};

interface ReaderShape {
  readonly help: string;
  readonly type?: 'counter';
  /** The name of the reading's label. */
  readonly label?: string;
}

/** Values that other parts keep. They are read for each request to `/metrics`. */
const readers = {
  requests_in_flight: { help: 'Requests being served.' },
  requests_in_flight_max: { help: 'How many requests may be served at once.' },
  requests_waiting: { help: 'Requests that wait for a peering.' },
  ready: { help: '1 when /readyz says so.' },
  audit_writable: { help: '0 when records cannot be written.' },
  audit_queue_records: { help: 'Records that wait to be written.' },
  pending_reconciliations: { help: 'Creates and deletes whose result is not known yet.' },
  policy_info: { help: 'Always 1, by the version in force.', label: 'version' },
  policy_loaded_timestamp_seconds: { help: 'When it took effect.' },
  policy_rejected: {
    help: '1 while the policy in the file has faults or cannot be read, and an older one is in force.',
  },
  policy_report_mode: { help: '1 when the policy refuses nothing.' },
  fleet_peerings: { help: 'Peerings of the last snapshot; not there without a fleet.', label: 'status' },
  fleet_findings: { help: 'Peerings of the last snapshot that have a finding.', label: 'finding' },
  fleet_lapsing: { help: 'Requests that nobody has accepted and that lapse within 48 hours.' },
  fleet_unread_clusters: { help: 'Clusters that could not be read for the last snapshot.' },
  fleet_snapshot_timestamp_seconds: { help: 'When the last snapshot was read; 0: never.' },
  fleet_snapshot_max_age_seconds: { help: 'How old a snapshot may be before it decides nothing.' },
  token_cache_entries: { help: 'Verified tokens that are kept in memory.' },
  keys: { help: 'Usable keys of an issuer.', label: 'issuer' },
  keys_ignored: { help: "Entries of an issuer's key set that cannot be used.", label: 'issuer' },
  keys_fetched_timestamp_seconds: {
    help: "The last good fetch of an issuer's keys; 0: never.",
    label: 'issuer',
  },
  breaker_open: { help: '1 while such requests to Aerospike Cloud are refused.', label: 'method' },
  redis_up: { help: '0 when Redis is down; not there without REDIS_URL.' },
  tls_certificate_expires_timestamp_seconds: {
    help: 'When the certificate of the public listener ends; not there without TLS.',
  },
  log_lines_dropped_total: { help: 'Log lines that were not written.', type: 'counter' },
} satisfies Record<string, ReaderShape>;

type CounterName = keyof typeof counters;
type HistogramName = keyof typeof histograms;
/** A reading for each of `readers`. */
type Readings = Readonly<Record<keyof typeof readers, Reading>>;

export class Metrics {
  readonly #counters = new Map<CounterName, Counter>();
  readonly #histograms = new Map<HistogramName, Histogram>();
  readonly #readers: Reader[] = [];
  #registry: Promise<Registry> | undefined;

  constructor(version: string) {
    for (const [name, { help, labels = [], initial = [] }] of Object.entries<CounterShape>(counters)) {
      const counter = new Counter({ name: `peergate_${name}`, help, labelNames: labels });
      for (const values of initial) counter.add(values, 0);
      this.#counters.set(name as CounterName, counter);
    }
    for (const [name, { help, label, bounds }] of Object.entries(histograms)) {
      const histogram = new Histogram({ name: `peergate_${name}`, help, labelName: label, bounds });
      this.#histograms.set(name as HistogramName, histogram);
    }
    const shape = {
      name: 'peergate_build_info',
      help: 'Always 1.',
      type: 'gauge',
      label: 'version',
    } as const;
    this.#readers.push(new Reader(shape, () => [[version, 1]]));
  }

  /** `labels`: a value for each label of the counter, in their order. */
  count(name: CounterName, labels: readonly string[] = [], step = 1): void {
    this.#counters.get(name)?.add(labels, step);
  }

  /** `label`: the value of the histogram's label, if it has one. */
  observe(name: HistogramName, seconds: number, label = ''): void {
    this.#histograms.get(name)?.observe(label, seconds);
  }

  /** Must be called once, before `open`. */
  read(readings: Readings): void {
    for (const [name, { help, type = 'gauge', label = '' }] of Object.entries<ReaderShape>(readers))
      this.#readers.push(
        new Reader({ name: `peergate_${name}`, help, type, label }, readings[name as keyof Readings]),
      );
  }

  /** Starts to measure the process. */
  open(): Promise<Registry> {
    this.#registry ??= openRegistry([
      ...this.#counters.values(),
      ...this.#histograms.values(),
      ...this.#readers,
    ]);
    return this.#registry;
  }

  /** The text format and its media type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    const registry = await this.open();
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}
