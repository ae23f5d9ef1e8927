// Settles creates whose end nobody knows, by looking into the upstream's list and recording what is there. Works in the
// background and waits for the upstream as long as it takes; never creates, repeats or removes anything.
import { type RequestFacts, reconciledEvent, type Settlement } from '../audit/event.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log/logger.ts';
import type { PeeringRequest } from '../policy/decision.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { isLive, type ListedPeering, readPeerings } from '../upstream/peerings.ts';

export interface ReconcileServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
}

/** A create on its way may still arrive: that it is absent is believed only of a look so long after its intent. */
const arrivalMs = 5000;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** Ids of settled creates that are remembered. */
const mostKnownIds = 100_000;

export class ReconcileCreates {
  readonly #services: ReconcileServices;
  /** By the gateway's request id, oldest first. */
  readonly #open = new Map<string, RequestFacts>();
  /** Peerings that other creates made. */
  readonly #known = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(services: ReconcileServices) {
    this.#services = services;
  }

  /** Nobody knows what became of this create. */
  settle(facts: RequestFacts): void {
    if (this.#stopped || facts.peering === undefined) return;
    this.#open.set(facts.gatewayRequestId, facts);
    this.#workAfter(0);
  }

  /** A settled create made this peering, so it is no trace of another one. `id` is the vendor's. */
  know(id: string): void {
    this.#known.add(id);
    if (this.#known.size <= mostKnownIds) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      break;
    }
  }

  /** What is not settled by now is left to the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  #workAfter(pauseMs: number): void {
    if (this.#stopped || this.#working !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#working = this.#work().finally(() => {
        this.#working = undefined;
        if (this.#open.size > 0) this.#workAfter(this.#pauseMs);
      });
    }, pauseMs).unref();
  }

  async #work(): Promise<void> {
    const { logger } = this.#services;
    const clusters = Map.groupBy(this.#open.values(), ({ clusterId }) => clusterId ?? '');
    let failed = false;
    for (const [clusterId, creates] of clusters) {
      try {
        if (!this.#stopped) await this.#settleCluster(clusterId, creates);
      } catch (error) {
        failed = true;
        logger.warn({ err: error, clusterId, open: creates.length }, 'creates could not be settled yet');
      }
    }
    this.#pauseMs = failed ? Math.min(this.#pauseMs * 2, longestPauseMs) : firstPauseMs;
  }

  async #settleCluster(clusterId: string, creates: readonly RequestFacts[]): Promise<void> {
    const { clock, upstream, logger } = this.#services;
    const lookedAt = clock.now();
    const list = await readPeerings(upstream, clusterId, clock.newId());
    // 404: the cluster is gone, and its peerings with it. Any other refusal says nothing about them.
    if (list.answer !== undefined && list.answer.status !== 404)
      throw new Error(`Aerospike Cloud answered ${list.answer.status}`);
    const peerings = list.peerings ?? [];
    for (const facts of creates) {
      const made = traceOf(facts.peering, peerings, this.#known);
      if (made === undefined && lookedAt < facts.startedAt + arrivalMs) continue;
      await this.#record(facts, {
        found: made !== undefined,
        resourceId: made?.id,
        peeringStatus: made?.status,
      });
      const { gatewayRequestId } = facts;
      logger.info({ gatewayRequestId, found: made !== undefined }, 'an open create was settled');
    }
  }

  async #record(facts: RequestFacts, settlement: Settlement): Promise<void> {
    const { trail, clock, logger } = this.#services;
    try {
      await trail.recordFact(reconciledEvent(facts, settlement, clock.now()));
    } catch (error) {
      // It has its place in the chain, and follows when the log can be written again.
      const { gatewayRequestId } = facts;
      logger.error({ gatewayRequestId, err: error }, 'that a create was settled is not recorded yet');
    }
    this.#open.delete(facts.gatewayRequestId);
    if (settlement.resourceId !== undefined) this.know(settlement.resourceId);
  }
}

/** The peering that the create made, if the list shows one that no other create is known to have made; a live one first. */
function traceOf(
  wanted: PeeringRequest | undefined,
  peerings: readonly ListedPeering[],
  known: ReadonlySet<string>,
): ListedPeering | undefined {
  if (wanted === undefined) return undefined;
  const alike = peerings.filter((peering) => !known.has(peering.id) && isOf(wanted, peering));
  return alike.find(isLive) ?? alike[0];
}

/** Are these the five values? What the list does not say is not held against it. */
export function isOf(wanted: PeeringRequest, listed: ListedPeering): boolean {
  const { vpcId, cidrBlock, accountId, region, isSecureConnection } = wanted;
  return (
    listed.vpcId === vpcId &&
    (listed.cidrBlock ?? cidrBlock) === cidrBlock &&
    (listed.accountId ?? accountId) === accountId &&
    (listed.region ?? region) === region &&
    (listed.isSecureConnection ?? isSecureConnection) === isSecureConnection
  );
}
