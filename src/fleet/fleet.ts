// Keeps the last good snapshot of the fleet and reads a new one in the background, one at a time. Holds up no request: what
// it serves is what it has.
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging/logger.ts';
import { Recent } from '../recent.ts';
import type { UpstreamReader } from '../upstream/client.ts';
import { clustersByVpc, type FleetCluster, readSnapshot, type Snapshot, unreadIn } from './snapshot.ts';

interface FleetServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of its own connections: creates never wait for the fleet. */
  readonly upstream: UpstreamReader;
  readonly refreshMs: number;
  /** Called with each snapshot; never rejects. */
  readonly observe?: (snapshot: Snapshot) => void | Promise<void>;
}

/** A snapshot that is older than this many intervals decides nothing. */
const maxIntervals = 3;

/** Of at least so many VPCs the latest creates are kept until their cluster is read. */
const minCreated = 10_000;

/** When a VPC was peered with each cluster, in milliseconds since the epoch. */
type CreatedAt = Map<string, number>;

export class Fleet {
  readonly #services: FleetServices;
  readonly #stopping = new AbortController();
  #snapshot: Snapshot | undefined;
  /** The clusters that each VPC has a live peering with, by the snapshot. */
  #peered: ReadonlyMap<string, readonly FleetCluster[]> = new Map();
  /** When the cluster was read that was read the longest ago. */
  #leastReadAt = Number.NEGATIVE_INFINITY;
  /** Creates since their cluster was read, by VPC. */
  #created = new Recent<CreatedAt>(minCreated);
  #running: Promise<void> | undefined;

  constructor(services: FleetServices) {
    this.#services = services;
  }

  /** How old a snapshot may be, in milliseconds, before it decides nothing. */
  get maxAgeMs(): number {
    return maxIntervals * this.#services.refreshMs;
  }

  /** The last good one; `undefined` before the first. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** The snapshot, if it is young enough to decide a create by. */
  current(): Snapshot | undefined {
    return this.#isYoung(this.#snapshot?.generatedAt) ? this.#snapshot : undefined;
  }

  #isYoung(time = Number.NEGATIVE_INFINITY): boolean {
    return this.#services.clock.now() - time <= this.maxAgeMs;
  }

  /**
   * The other clusters that the VPC has a live peering with, by the snapshot and by creates since; `undefined`: no snapshot is
   * young enough. Each has one live peering of the VPC. `unknown`: how many further clusters may have one, since they have not
   * been read for as long.
   */
  otherClustersOf(
    vpcId: string,
    clusterId: string,
  ): { readonly clusters: readonly FleetCluster[]; readonly unknown: number } | undefined {
    const snapshot = this.current();
    if (snapshot === undefined) return undefined;
    const listed = (this.#peered.get(vpcId) ?? []).map(({ id }) => id);
    const ids = new Set([...listed, ...(this.#created.get(vpcId)?.keys() ?? [])]);
    ids.delete(clusterId);
    const clusters = [...ids].flatMap((id) => snapshot.clusters.get(id) ?? []);
    if (this.#isYoung(this.#leastReadAt)) return { clusters, unknown: 0 };
    const isUnknown = ({ id, readAt }: FleetCluster): boolean =>
      id !== clusterId && !ids.has(id) && !this.#isYoung(readAt);
    return { clusters, unknown: [...snapshot.clusters.values()].filter(isUnknown).length };
  }

  /** A create that the next snapshot may have missed. */
  recordCreate(clusterId: string, vpcId: string): void {
    const created = this.#created.get(vpcId) ?? new Map<string, number>();
    this.#created.set(vpcId, created.set(clusterId, this.#services.clock.now()));
  }

  /** Reads now, and then at each interval. */
  start(): void {
    this.#running ??= this.#refreshOnAndOn();
  }

  /** Resolves when nothing is being read any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    const { clock, logger, upstream, observe } = this.#services;
    try {
      const previous = this.#snapshot;
      const snapshot = await readSnapshot(upstream, { now: clock.now(), requestId: clock.newId(), previous });
      this.#snapshot = snapshot;
      this.#index(snapshot);
      await observe?.(snapshot);
      const unread = unreadIn(snapshot).length;
      if (unread > 0) logger.warn({ unread }, 'peerings of some clusters could not be read for the fleet');
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        logger.warn({ err: error }, 'the fleet could not be read; the last snapshot is kept');
    }
  }

  #index({ clusters }: Snapshot): void {
    this.#peered = clustersByVpc(clusters.values());
    this.#leastReadAt = Number.POSITIVE_INFINITY;
    for (const { readAt = Number.NEGATIVE_INFINITY } of clusters.values())
      this.#leastReadAt = Math.min(this.#leastReadAt, readAt);
    const before = this.#created;
    this.#created = new Recent(minCreated);
    for (const [vpcId, created] of before.entries()) {
      // The snapshot may have missed these.
      const missing = [...created].filter(
        ([id, at]) => at >= (clusters.get(id)?.readAt ?? 0) && clusters.has(id),
      );
      if (missing.length > 0) this.#created.set(vpcId, new Map(missing));
    }
  }

  async #refreshOnAndOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.refresh();
      await pause(this.#services.refreshMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
