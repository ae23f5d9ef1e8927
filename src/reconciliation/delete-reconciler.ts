// Settles deletes whose outcome nobody knows: as a success when Aerospike Cloud's list has the peering no more, as a failure
// when it still has it 10 minutes after the intent. Works in the background; never repeats a delete.
import { Backoff } from '../async/backoff.ts';
import { reconciledEvent, type Settlement } from '../audit/record/reconciled-event.ts';
import type { RequestFacts } from '../request/request.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import { retryAfterMsOf } from '../upstream/read-answer.ts';
import { foundAs, listCluster } from './list-cluster.ts';
import type { ReconcilerServices } from './reconciler.ts';

/** A peering that is still listed this long after the intent, and is not `deleting`, was not deleted. */
const failedAfterMs = 10 * 60_000;
/** Between two reads of a list that still has the peering. */
const pauseMs = 15_000;

export class DeleteReconciler {
  readonly #services: Omit<ReconcilerServices, 'clusterLock' | 'elapsed'>;
  /** By the gateway's request id. */
  readonly #open = new Map<string, RequestFacts>();
  readonly #backoff = new Backoff({ minMs: 1000, maxMs: 60_000 });
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(services: Omit<ReconcilerServices, 'clusterLock' | 'elapsed'>) {
    this.#services = services;
  }

  /** Deletes of which nobody knows the outcome yet. */
  get open(): number {
    return this.#open.size;
  }

  settle(facts: RequestFacts): void {
    this.#open.set(facts.gatewayRequestId, facts);
    this.#workAfter(0);
  }

  /** What is not settled by now is left to the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  #workAfter(milliseconds: number): void {
    if (this.#stopped || this.#working !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#work().then((nextMs) => {
        this.#working = undefined;
        if (this.#open.size > 0) this.#workAfter(nextMs);
      });
    }, milliseconds).unref();
  }

  /** Looks once. Resolves with how long to wait before the next look. */
  async #work(): Promise<number> {
    const { logger, clock, upstream } = this.#services;
    const clusters = Map.groupBy(this.#open.values(), ({ target }) => target?.clusterId ?? '');
    let retryMs = 0;
    for (const [clusterId, deletes] of clusters) {
      try {
        if (this.#stopped) break;
        const peerings = await listCluster(upstream, clusterId, clock.newId());
        for (const facts of deletes) await this.#settleBy(peerings, facts);
      } catch (error) {
        retryMs = Math.max(retryMs, this.#backoff.fail(), retryAfterMsOf(error, clock.now()));
        logger.warn({ err: error, clusterId, open: deletes.length }, 'failed to settle deletes');
      }
    }
    if (retryMs === 0) this.#backoff.succeed();
    return retryMs === 0 ? pauseMs : retryMs;
  }

  async #settleBy(peerings: readonly ListedPeering[], facts: RequestFacts): Promise<void> {
    const { clock, logger, trail } = this.#services;
    const { gatewayRequestId, startedAt, target } = facts;
    const listed = peerings.find(({ id }) => id === target?.peeringId);
    const isThere = listed !== undefined && listed.status !== 'deleted';
    const mayGoYet = listed?.status === 'deleting' || clock.now() < startedAt + failedAfterMs;
    if (this.#stopped || (isThere && mayGoYet)) return;
    const settlement: Settlement = isThere ? foundAs(listed) : { found: false };
    try {
      await trail.recordFact(reconciledEvent(facts, settlement, clock.now()));
    } catch (error) {
      // It is in the chain, and is written when the log can be written again.
      logger.error(
        { gatewayRequestId, err: error },
        'failed to record a settled delete; the record is queued',
      );
    }
    this.#open.delete(gatewayRequestId);
    logger.info({ gatewayRequestId, found: isThere }, 'settled an open delete');
  }
}
