// Settles creates whose end nobody knows, by looking into the upstream's list and recording what is there. Works in the
// background and waits for the upstream as long as it takes; never creates, repeats or removes anything.

import { Backoff } from '../async/backoff.ts';
import type { AuditTrail } from '../audit/log/trail.ts';
import { reconciledEvent, type Settlement } from '../audit/record/request-events.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import type { PeeringRequest } from '../policy/engine/decision.ts';
import type { RequestFacts } from '../request/request.ts';
import type { ClusterLock } from '../state/lock/cluster-lock.ts';
import { retryAfterMsOf } from '../upstream/asked-wait.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { type ListedPeering, readPeerings } from '../upstream/peerings.ts';
import { retryAfterHeader } from '../upstream/read-answer.ts';
import { UpstreamRefused } from '../upstream/upstream-refused.ts';
import { findTraces, mayBe } from './match-peering.ts';

export interface ReconcilerServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
  /** Serializes with the creates of a cluster; `undefined` with PREFLIGHT=off. */
  readonly clusterLock?: ClusterLock | undefined;
  /** Milliseconds that only count up, for the time of day may jump. */
  readonly elapsed?: () => number;
}

interface OpenCreate {
  readonly facts: RequestFacts;
  readonly peering: PeeringRequest;
  /** When this process learnt that nobody waits for its answer any more. */
  readonly openSince: number;
  /** Peerings that cannot be its own, since they were there before it. */
  readonly before: ReadonlySet<string>;
}

/** Creates of this instance with the same values. */
interface Alike {
  inFlight: number;
  /** When one of them began or ended last. */
  changedAt: number;
}

/**
 * A create on its way may still arrive: that it is absent is believed only of a look so long after it was given up. The time
 * of its intent would not do, since a create that timed out is old already.
 */
const arrivalMs = 5000;
const minPauseMs = 1000;
/** Any status that the vendor may come to name. What else the upstream says in its place gets into no record. */
const statusShape = /^[a-z][a-z-]{0,63}$/;
/** Ids of settled creates that are remembered. */
const maxKnownIds = 100_000;

export class Reconciler {
  readonly #services: ReconcilerServices;
  readonly #elapsed: () => number;
  /** By the gateway's request id, oldest first. */
  readonly #open = new Map<string, OpenCreate>();
  /** The gateway's id of the request that made a peering, by the vendor's id. */
  readonly #known = new Map<string, string>();
  /** The vendor's ids of peerings that more than one create may have made: no create is ever settled by them. */
  readonly #ambiguous = new Set<string>();
  /** Without a cluster lock, by the values of the creates: those in flight, and for a while those that were. */
  readonly #alike = new Map<string, Alike>();
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff({ minMs: 2 * minPauseMs, maxMs: 60_000 });
  #pauseMs = 0;
  /** The longest pause that the upstream asked for in the last round. */
  #retryAfterMs = 0;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(services: ReconcilerServices) {
    this.#services = services;
    this.#elapsed = services.elapsed ?? (() => performance.now());
  }

  /** Creates of which nobody knows yet what became. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * A create is about to be sent. While it is in flight, no other one with the same values is settled: the peering that the
   * list shows may be its own. Returns what to call when its outcome is known. Needed only without a cluster lock.
   */
  begin(facts: RequestFacts): () => void {
    const peering = facts.target?.peering;
    if (peering === undefined || this.#services.clusterLock !== undefined) return () => undefined;
    const key = valuesOf(peering);
    const alike = this.#alike.get(key) ?? { inFlight: 0, changedAt: 0 };
    this.#alike.set(key, alike);
    alike.inFlight += 1;
    alike.changedAt = this.#elapsed();
    return () => {
      alike.inFlight -= 1;
      alike.changedAt = this.#elapsed();
      const isIdle = this.#open.size === 0 && this.#working === undefined;
      if (alike.inFlight === 0 && isIdle) this.#alike.delete(key);
    };
  }

  /**
   * Nobody knows what became of this create. `before`: peerings that cannot be its own, since they were there before it;
   * `undefined` for a create of an earlier run. Nothing is settled while a create of this run with the same values is in
   * flight, so a peering that is ambiguous by now was there before it, too.
   */
  settle(facts: RequestFacts, before?: readonly string[]): void {
    const { gatewayRequestId, target } = facts;
    const peering = target?.peering;
    if (peering === undefined) return;
    const notItsOwn = new Set(before === undefined ? [] : [...before, ...this.#ambiguous]);
    this.#open.set(gatewayRequestId, { facts, peering, before: notItsOwn, openSince: this.#elapsed() });
    this.#workAfter(0);
  }

  /** An earlier run could not tell which of several creates made this peering. `id` is the vendor's. */
  recordAmbiguous(id: string): void {
    this.#ambiguous.add(id);
    forgetOldest(this.#ambiguous);
  }

  /** The request that made a peering, as far as this process knows. `id` is the vendor's. */
  creatorOf(id: string): string | undefined {
    return this.#known.get(id);
  }

  /** A settled create made this peering, so it is no trace of another one. `id` is the vendor's. */
  recordCreator(id: string, gatewayRequestId: string): void {
    this.#known.set(id, gatewayRequestId);
    forgetOldest(this.#known);
  }

  /** What is not settled by now is left to the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** A later call does not shorten the pause: an upstream in trouble gets no look for each create that it loses. */
  #workAfter(pauseMs: number): void {
    if (this.#stopped || this.#working !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#work().finally(() => {
        this.#working = undefined;
        if (this.#open.size > 0) this.#workAfter(Math.max(this.#pauseMs, this.#retryAfterMs));
      });
    }, pauseMs).unref();
  }

  async #work(): Promise<void> {
    const { logger, clock } = this.#services;
    const clusters = Map.groupBy(this.#open.values(), ({ facts }) => facts.target?.clusterId ?? '');
    let failed = false;
    this.#retryAfterMs = 0;
    for (const [clusterId, creates] of clusters) {
      try {
        if (!this.#stopped) await this.#settleCluster(clusterId, creates);
      } catch (error) {
        failed = true;
        this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMsOf(error, clock.now()));
        logger.warn({ err: error, clusterId, open: creates.length }, 'creates could not be settled yet');
      }
    }
    if (!failed) this.#backoff.succeed();
    this.#pauseMs = failed ? this.#backoff.fail() : minPauseMs;
    if (this.#open.size > 0) return;
    for (const [key, { inFlight }] of this.#alike) if (inFlight === 0) this.#alike.delete(key);
  }

  /** Holds the cluster's lock, so that no instance can have a create in flight between its preflight and its outcome. */
  async #settleCluster(clusterId: string, creates: readonly OpenCreate[]): Promise<void> {
    const release = await this.#services.clusterLock?.acquire(clusterId);
    try {
      await this.#settleLocked(clusterId, creates);
    } finally {
      release?.();
    }
  }

  async #settleLocked(clusterId: string, creates: readonly OpenCreate[]): Promise<void> {
    const { clock, upstream } = this.#services;
    const listedAt = this.#elapsed();
    const listed = await readPeerings(upstream, clusterId, clock.newId()).catch(noneIfGone);
    const peerings = listed.filter(({ id }) => !this.#known.has(id));
    let unclear = false;
    for (const alike of Map.groupBy(creates, ({ peering }) => valuesOf(peering)).values())
      unclear = !(await this.#settleAlike(alike, peerings, listedAt)) || unclear;
    if (unclear) throw new Error('Aerospike Cloud lists a peering without its VPC');
  }

  /** Settles creates with the same values. `false` when they may be peerings of which the list does not say the VPC. */
  async #settleAlike(
    creates: readonly OpenCreate[],
    peerings: readonly ListedPeering[],
    listedAt: number,
  ): Promise<boolean> {
    const left = new Set(creates);
    const notBefore = ({ before }: OpenCreate) =>
      peerings.filter(({ id }) => !before.has(id) && !this.#known.has(id));
    const isOf = (create: OpenCreate, { id }: ListedPeering) =>
      !this.#ambiguous.has(id) && [...left].every((other) => other === create || other.before.has(id));
    const findCertain = () => {
      for (const create of left) {
        const own = notBefore(create).filter((peering) => isOf(create, peering));
        const made = findTraces(create.peering, own)[0];
        if (made !== undefined) return { create, made };
      }
      return undefined;
    };
    const mayGoOn = ({ peering }: OpenCreate) =>
      // On a disk that hangs each record would take its time.
      !this.#stopped && !this.#mayBeAnothers(peering, listedAt);
    // What settles one create is no trace of the others, so those without doubt come first.
    for (let next = findCertain(); next !== undefined && mayGoOn(next.create); next = findCertain()) {
      left.delete(next.create);
      await this.#record(next.create.facts, foundAs(next.made));
    }
    for (const create of left) {
      if (!mayGoOn(create)) return true;
      if (listedAt < create.openSince + arrivalMs) continue;
      const traces = findTraces(create.peering, notBefore(create));
      if (traces.length > 0) await this.#record(create.facts, { ambiguous: traces.map(({ id }) => id) });
      else if (notBefore(create).some((peering) => mayBe(create.peering, peering))) return false;
      else await this.#record(create.facts, { found: false });
    }
    return true;
  }

  /** Was a create with the same values in flight at any time since the look began? Then a later look decides. */
  #mayBeAnothers(peering: PeeringRequest, listedAt: number): boolean {
    const alike = this.#alike.get(valuesOf(peering));
    return alike !== undefined && (alike.inFlight > 0 || alike.changedAt >= listedAt);
  }

  async #record(facts: RequestFacts, settlement: Settlement): Promise<void> {
    const { trail, clock, logger } = this.#services;
    const { gatewayRequestId } = facts;
    try {
      await trail.recordFact(reconciledEvent(facts, settlement, clock.now()));
    } catch (error) {
      // It has its place in the chain, and follows when the log can be written again.
      logger.error({ gatewayRequestId, err: error }, 'that a create was settled is not recorded yet');
    }
    this.#open.delete(gatewayRequestId);
    if (settlement.found === undefined) {
      for (const id of settlement.ambiguous) this.recordAmbiguous(id);
      logger.warn({ gatewayRequestId, ...settlement }, 'which create made a listed peering cannot be known');
      return;
    }
    if (settlement.found) this.recordCreator(settlement.resourceId, gatewayRequestId);
    logger.info({ gatewayRequestId, found: settlement.found }, 'an open create was settled');
  }
}

const foundAs = ({ id, status = '' }: ListedPeering): Settlement => ({
  found: true,
  resourceId: id,
  peeringStatus: statusShape.test(status) ? status : undefined,
});

function forgetOldest(ids: Map<string, string> | Set<string>): void {
  if (ids.size <= maxKnownIds) return;
  for (const oldest of ids.keys()) {
    ids.delete(oldest);
    break;
  }
}

/** 404: the cluster is gone, and its peerings with it. Any other refusal says nothing about them. */
function noneIfGone(error: unknown): [] {
  if (!(error instanceof UpstreamRefused)) throw error;
  const { status } = error.answer;
  if (status === 404) return [];
  const headers = retryAfterHeader(error.answer);
  throw new GatewayError('upstream-broken', { detail: `Aerospike Cloud answered ${status}`, headers });
}

const valuesOf = ({
  clusterId,
  vpcId,
  cidrBlock,
  accountId,
  region,
  isSecureConnection,
}: PeeringRequest): string =>
  JSON.stringify([clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection]);
