// What the gateway counts and times, for `/metrics`. Every label has a bounded set of values that no caller can add to: route
// templates, codes of ours, HTTP statuses, names from the settings.

import type { Registry } from 'prom-client';
import type { EventCode } from '../audit/record/event-form.ts';
import { type ErrorCode, errorRules } from '../errors.ts';
import { type ViolationCode, violationCodes } from '../policy/engine/decision.ts';
import { Counter, Histogram, type Instrument, Reader, type Reading } from './instruments.ts';
import { openRegistry } from './open-registry.ts';
import type { StageName } from './stages.ts';

/** Seconds: from what the gateway itself needs to the longest time limits. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds: most stages are shorter than a millisecond. */
const fineBuckets = [0.0001, 0.00025, 0.0005, ...buckets];

export interface ServedRequest {
  /** A route's template; `undefined`: no route of ours. */
  readonly route: string | undefined;
  readonly method: string | undefined;
  /** What the policy said, if it was asked. */
  readonly decision: 'allow' | 'deny' | undefined;
  /** `undefined`: the caller hung up before the answer was out. */
  readonly status: number | undefined;
  /** The gateway's own refusal. */
  readonly code: ErrorCode | undefined;
  readonly violations: readonly { readonly code: ViolationCode }[];
  readonly seconds: number;
  /** It waited for a peering, so that its time says nothing of the gateway. */
  readonly waited: boolean;
}

const methods = ['GET', 'HEAD', 'POST', 'DELETE'];
const upstreamMethods = ['GET', 'POST', 'DELETE'];
/** Instead of a status: there was no whole answer. */
const upstreamFailures = ['timeout', 'unreachable', 'broken'];
/** What can be found under an Idempotency-Key: nothing, or what became of an earlier request. */
const keyStates = ['acquired', 'acquired-indeterminate', 'running', 'another-request', 'answered'];
/** Why the gateway ends a connection; `CloseReason` of the listener. */
const closeReasons = ['unread', 'slow', 'pipelined', 'address-connections', 'address-bytes'];

export class Metrics {
  readonly #instruments: Instrument[] = [];
  #registry: Promise<Registry> | undefined;
  readonly #requests;
  readonly #requestSeconds;
  readonly #refusals;
  readonly #violations;
  readonly #stageSeconds;
  readonly #rateLimited;
  readonly #connectionsClosed;
  readonly #idempotency;
  readonly #upstream;
  readonly #upstreamSeconds;
  readonly #tokenRequests;
  readonly #keyFetches;
  readonly #records;
  readonly #recordFailures;
  readonly #writeSeconds;
  readonly #syncSeconds;
  readonly #policyLoads;

  constructor(version: string) {
    this.#requests = this.#counter(
      'requests_total',
      'Requests by route template, method, decision of the policy and status sent.',
      ['route', 'method', 'decision', 'status'],
    );
    this.#requestSeconds = this.#histogram(
      'request_duration_seconds',
      'From the head of a request to the end of its answer; without requests that waited for a peering.',
      ['route'],
      buckets,
    );
    this.#refusals = this.#counter(
      'refusals_total',
      'Answers of the gateway itself that are errors, by code.',
      ['code'],
    );
    this.#violations = this.#counter(
      'policy_violations_total',
      'Violations that decisions named; in report mode they refuse nothing.',
      ['code'],
    );
    this.#stageSeconds = this.#histogram(
      'stage_duration_seconds',
      'Time of each stage of a request.',
      ['stage'],
      fineBuckets,
    );
    this.#rateLimited = this.#counter('rate_limited_total', 'Requests over a rate limit.', ['limit']);
    this.#connectionsClosed = this.#counter(
      'connections_closed_total',
      'Connections of clients that did not read, sent too much ahead, or were too many.',
      ['reason'],
    );
    this.#idempotency = this.#counter(
      'idempotency_total',
      'Uses of an Idempotency-Key, by what was found under it.',
      ['found'],
    );
    this.#upstream = this.#counter(
      'upstream_requests_total',
      'Requests to Aerospike Cloud, by status or kind of failure.',
      ['method', 'result'],
    );
    this.#upstreamSeconds = this.#histogram(
      'upstream_request_duration_seconds',
      'Requests to Aerospike Cloud, answered or not.',
      ['method'],
      buckets,
    );
    this.#tokenRequests = this.#counter('token_requests_total', 'Requests for a service token.', ['result']);
    this.#keyFetches = this.#counter('key_fetches_total', 'Fetches of the keys of an issuer.', [
      'issuer',
      'result',
    ]);
    this.#records = this.#counter('audit_records_total', 'Audit records that got their place in the chain.', [
      'event',
    ]);
    this.#recordFailures = this.#counter(
      'audit_write_failures_total',
      'Times that the sink rejected a record.',
      [],
    );
    this.#writeSeconds = this.#histogram(
      'audit_write_duration_seconds',
      'From a place in the chain until the record is safe.',
      [],
      fineBuckets,
    );
    this.#syncSeconds = this.#histogram(
      'audit_sync_duration_seconds',
      'Appending to the audit file and fdatasync.',
      [],
      fineBuckets,
    );
    this.#policyLoads = this.#counter(
      'policy_loads_total',
      'Changes of the policy that took effect, or did not.',
      ['result'],
    );
    this.gauge('build_info', 'Always 1.', () => [[version, 1]], 'version');
    this.#beginAtZero();
  }

  /** A rate can be taken of the first event only when the counter was there before it. */
  #beginAtZero(): void {
    for (const code of Object.keys(errorRules) as ErrorCode[]) this.#refusals.add([code], 0);
    for (const code of violationCodes) this.#violations.add([code], 0);
    for (const limit of ['address', 'caller']) this.#rateLimited.add([limit], 0);
    for (const reason of closeReasons) this.#connectionsClosed.add([reason], 0);
    for (const result of ['ok', 'failed']) this.#tokenRequests.add([result], 0);
    for (const result of ['loaded', 'rejected']) this.#policyLoads.add([result], 0);
    for (const found of keyStates) this.#idempotency.add([found], 0);
    this.#recordFailures.add([], 0);
    for (const method of upstreamMethods)
      for (const result of upstreamFailures) this.#upstream.add([method, result], 0);
  }

  /** The same for one that the settings name. */
  issuerKnown(issuer: string): void {
    for (const result of ['ok', 'failed']) this.#keyFetches.add([issuer, result], 0);
  }

  /** `label`: the label by which the reading's values differ. */
  gauge(name: string, help: string, read: Reading, label = ''): void {
    this.#add(new Reader({ name: `peergate_${name}`, help, type: 'gauge', label }, read));
  }

  /** A counter that something else keeps. */
  counted(name: string, help: string, read: () => number): void {
    this.#add(new Reader({ name: `peergate_${name}`, help, type: 'counter' }, read));
  }

  /** Begins to measure the process. */
  open(): Promise<Registry> {
    this.#registry ??= openRegistry(this.#instruments);
    return this.#registry;
  }

  served({ route, method, decision, status, code, violations, seconds, waited }: ServedRequest): void {
    const path = route ?? 'none';
    const known = method !== undefined && methods.includes(method) ? method : 'other';
    this.#requests.add([path, known, decision ?? 'none', String(status ?? 'aborted')]);
    if (!waited) this.#requestSeconds.observe(path, seconds);
    if (code !== undefined) this.#refusals.add([code]);
    for (const violation of violations) this.#violations.add([violation.code]);
  }

  /** Where Node's parser refuses there is no request yet. */
  refused(code: ErrorCode): void {
    this.#refusals.add([code]);
  }

  stage(stage: StageName, seconds: number): void {
    this.#stageSeconds.observe(stage, seconds);
  }

  rateLimited(limit: string): void {
    this.#rateLimited.add([limit]);
  }

  /** `reason`: why the gateway ended it. */
  connectionClosed(reason: string): void {
    this.#connectionsClosed.add([reason]);
  }

  idempotency(found: string): void {
    this.#idempotency.add([found]);
  }

  /** `result`: a status, or what kind of failure it was. */
  upstreamAnswered(method: string, result: string, seconds: number): void {
    this.#upstream.add([method, result]);
    this.#upstreamSeconds.observe(method, seconds);
  }

  tokenRequested(result: 'ok' | 'failed'): void {
    this.#tokenRequests.add([result]);
  }

  keysFetched(issuer: string, result: 'ok' | 'failed'): void {
    this.#keyFetches.add([issuer, result]);
  }

  recordSealed(event: EventCode): void {
    this.#records.add([event]);
  }

  recordWritten(seconds: number): void {
    this.#writeSeconds.observe('', seconds);
  }

  recordFailed(): void {
    this.#recordFailures.add([]);
  }

  fileSynced(seconds: number): void {
    this.#syncSeconds.observe('', seconds);
  }

  policyLoaded(result: 'loaded' | 'rejected'): void {
    this.#policyLoads.add([result]);
  }

  /** The text format and its media type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    const registry = await this.open();
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  #add<Added extends Instrument>(instrument: Added): Added {
    this.#instruments.push(instrument);
    return instrument;
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return this.#add(new Counter({ name: `peergate_${name}`, help, labelNames }));
  }

  /** `labelName`: there may be one. */
  #histogram(name: string, help: string, [labelName]: readonly string[], bounds: readonly number[]) {
    return this.#add(new Histogram({ name: `peergate_${name}`, help, labelName, bounds }));
  }
}
