// Settles creates of unknown outcome by reading the upstream's list and recording what exists; deletes as
// `delete-reconciler.ts` does. Works in the background, retries for as long as necessary, and never creates, repeats or removes
// a peering.
import { Backoff } from '../async/backoff.ts';
import type { AuditTrail } from '../audit/log/trail.ts';
import { reconciledEvent, type Settlement } from '../audit/record/reconciled-event.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { PeeringRequest } from '../policy/engine/decision.ts';
import type { RequestFacts } from '../request/request.ts';
import { type CreatorStore, storeCreator } from '../state/creators/creator-store.ts';
import type { ClusterLock } from '../state/lock/cluster-lock.ts';
import type { UpstreamReader } from '../upstream/client.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import { retryAfterMsOf } from '../upstream/read-answer.ts';
import { Attribution, type UnsettledCreate } from './attribution.ts';
import { DeleteReconciler } from './delete-reconciler.ts';
import { foundAs, listCluster } from './list-cluster.ts';
import { findCandidates, findOnly, isOf, mayBe } from './match-peering.ts';

export interface ReconcilerServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamReader;
  /** Serializes with the creates of a cluster; `undefined` with PREFLIGHT=off. */
  readonly clusterLock?: ClusterLock | undefined;
  /** Learns whose create made a peering. */
  readonly creators?: CreatorStore | undefined;
  /** Monotonic milliseconds. */
  readonly elapsed?: () => number;
}

interface OpenCreate extends UnsettledCreate {
  readonly facts: RequestFacts;
  readonly peering: PeeringRequest;
  /** When its request ended without a known outcome. */
  readonly openSince: number;
}

/** Creates of this instance with the same values. */
interface Alike {
  inFlight: number;
  /** When one of them last began or ended. */
  changedAt: number;
}

/**
 * A create without an answer may still arrive at the upstream. Its peering counts as absent only in a list read this long after
 * its request ended. The time of its intent would not do: a create that timed out is already old.
 */
const arrivalMs = 5000;
const minPauseMs = 1000;

export class Reconciler {
  /** A create is settled only by a peering that no other one is known to have made. */
  readonly attribution: Attribution;
  readonly #services: ReconcilerServices;
  readonly #elapsed: () => number;
  readonly #deletes: DeleteReconciler;
  /** By the gateway's request id, oldest first. */
  readonly #open = new Map<string, OpenCreate>();
  /** By the values of the creates. Used only without a cluster lock. */
  readonly #alike = new Map<string, Alike>();
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff({ minMs: 2 * minPauseMs, maxMs: 60_000 });
  #pauseMs = 0;
  /** The maximum `Retry-After` of the last round. */
  #retryAfterMs = 0;
  #stopped = false;
  #isHeld = false;
  #working: Promise<void> | undefined;

  constructor(services: ReconcilerServices) {
    this.#services = services;
    this.#deletes = new DeleteReconciler(services);
    this.attribution = new Attribution(services.creators);
    this.#elapsed = services.elapsed ?? (() => performance.now());
  }

  /** Settles no create until `release`: which peerings earlier runs made is not known yet. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#open.size > 0) this.#workAfter(0);
  }

  /** Number of changes that are not settled yet. */
  get open(): number {
    return this.#open.size + this.#deletes.open;
  }

  /**
   * Called before a create is sent. While it is in flight, no other create with the same values is settled: the listed peering
   * may be its own. The returned function must be called when its outcome is known. Has no effect with a cluster lock.
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
   * Called when the outcome of a create or a delete is unknown. `before`: peerings that it cannot have made, since they existed
   * before; `undefined` for a create of an earlier run. Nothing is settled while a create of this run with the same values is in
   * flight. So peerings that this instance called ambiguous existed before it, too.
   */
  settle(facts: RequestFacts, before?: readonly string[]): void {
    const { gatewayRequestId, target } = facts;
    if (facts.operation.method === 'DELETE') this.#deletes.settle(facts);
    const peering = target?.peering;
    if (peering === undefined) return;
    const notItsOwn = new Set(before === undefined ? [] : [...before, ...this.attribution.ambiguousIds]);
    this.#open.set(gatewayRequestId, { facts, peering, before: notItsOwn, openSince: this.#elapsed() });
    this.#workAfter(0);
  }

  /** Creates that are not settled yet remain for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#working, this.#deletes.stop()]);
  }

  /** A later call does not shorten the pause: a failing upstream must not get a read for each failed create. */
  #workAfter(pauseMs: number): void {
    if (this.#stopped || this.#isHeld || this.#working !== undefined || this.#timer !== undefined) return;
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
    const clusters = new Set([...this.#open.values()].map(({ peering }) => peering.clusterId));
    let failed = false;
    this.#retryAfterMs = 0;
    for (const clusterId of clusters) {
      try {
        if (!this.#stopped) await this.#settleCluster(clusterId);
      } catch (error) {
        failed = true;
        this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMsOf(error, clock.now()));
        const open = this.#openIn(clusterId).length;
        logger.warn({ err: error, clusterId, open }, 'failed to settle creates');
      }
    }
    if (!failed) this.#backoff.succeed();
    this.#pauseMs = failed ? this.#backoff.fail() : minPauseMs;
    if (this.#open.size > 0) return;
    for (const [key, { inFlight }] of this.#alike) if (inFlight === 0) this.#alike.delete(key);
  }

  /** Holds the cluster lock, so that no instance has a create between its preflight and its outcome. */
  async #settleCluster(clusterId: string): Promise<void> {
    const release = await this.#services.clusterLock?.acquire(clusterId);
    try {
      await this.#settleLocked(clusterId);
    } finally {
      release?.();
    }
  }

  readonly #openIn = (clusterId: string): OpenCreate[] =>
    [...this.#open.values()].filter(({ peering }) => peering.clusterId === clusterId);

  async #settleLocked(clusterId: string): Promise<void> {
    const { clock, upstream } = this.#services;
    const listedAt = this.#elapsed();
    const peerings = await listCluster(upstream, clusterId, clock.newId());
    // Not before: a create that ended while the lock or the list was waited for may have made one of them.
    const creates = this.#openIn(clusterId);
    const made = peerings.filter((listed) => creates.some(({ peering }) => isOf(peering, listed)));
    await this.attribution.learn(made.map(({ id }) => id));
    let unclear = false;
    for (const alike of Map.groupBy(creates, ({ peering }) => valuesOf(peering)).values())
      unclear = !(await this.#settleAlike(alike, peerings, listedAt)) || unclear;
    if (unclear) throw new Error('Aerospike Cloud lists a peering without its VPC');
  }

  /** Settles creates with the same values. `false` if listed peerings without a VPC may be theirs. */
  async #settleAlike(
    creates: readonly OpenCreate[],
    peerings: readonly ListedPeering[],
    listedAt: number,
  ): Promise<boolean> {
    const left = new Set(creates);
    const { attribution } = this;
    const possible = (create: OpenCreate) => peerings.filter(({ id }) => attribution.mayHaveMade(create, id));
    const findCertain = () => {
      for (const create of left) {
        const own = peerings.filter(({ id }) => attribution.mustHaveMade(create, id, left));
        const isKnown = ({ id }: ListedPeering) =>
          attribution.creatorOf(id) === create.facts.gatewayRequestId;
        const made = own.find(isKnown) ?? findOnly(create.peering, own);
        if (made !== undefined) return { create, made };
      }
      return undefined;
    };
    const mayContinue = ({ peering }: OpenCreate) =>
      // On a hung disk each record takes its full timeout.
      !this.#stopped && !this.#mayBeAnothers(peering, listedAt);
    // Certain creates come first: their peerings are then no candidates for the others.
    for (let next = findCertain(); next !== undefined && mayContinue(next.create); next = findCertain()) {
      left.delete(next.create);
      await this.#record(next.create.facts, foundAs(next.made));
    }
    for (const create of left) {
      if (!mayContinue(create)) return true;
      if (listedAt < create.openSince + arrivalMs) continue;
      const candidates = findCandidates(create.peering, possible(create));
      if (candidates.length > 0)
        await this.#record(create.facts, { ambiguous: candidates.map(({ id }) => id) });
      else if (possible(create).some((peering) => mayBe(create.peering, peering))) return false;
      else await this.#record(create.facts, { found: false });
    }
    return true;
  }

  /** Was a create with the same values in flight at any time since the list was read? Then a later list decides. */
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
      // The record is part of the chain and is written as soon as the log is writable again.
      logger.error(
        { gatewayRequestId, err: error },
        'failed to record a settled create; the record is queued',
      );
    }
    this.#open.delete(gatewayRequestId);
    if (settlement.found === undefined) {
      for (const id of settlement.ambiguous) this.attribution.recordAmbiguous(id);
      logger.warn({ gatewayRequestId, ...settlement }, 'a listed peering cannot be attributed to one create');
      return;
    }
    if (settlement.found) {
      const { creators } = this.#services;
      this.attribution.recordTaken(settlement.resourceId, gatewayRequestId);
      const create = { ...facts, isReconciled: true } as const;
      if (creators !== undefined) await storeCreator(settlement.resourceId, create, { creators, logger });
    }
    logger.info({ gatewayRequestId, found: settlement.found }, 'settled an open create');
  }
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
