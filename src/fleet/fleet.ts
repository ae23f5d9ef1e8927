// Keeps the last good snapshot of the fleet and reads a new one in the background, one at a time. Holds up no request: what
// it serves is what it has.
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { isLive } from '../upstream/peerings.ts';
import { type FleetCluster, readSnapshot, type Snapshot } from './snapshot.ts';

export interface FleetServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of its own connections: creates never wait for the fleet. */
  readonly upstream: UpstreamClient;
  readonly refreshMs: number;
  /** Called with each snapshot; never rejects. */
  readonly observe?: (snapshot: Snapshot) => void | Promise<void>;
}

/** A snapshot older than so many intervals decides nothing. */
const maxIntervals = 3;

/** Maximum number of creates kept until their cluster is read. */
const maxCreated = 10_000;

interface Create {
  readonly clusterId: string;
  readonly vpcId: string;
  readonly at: number;
}

/** May the snapshot have missed it? */
function isMissing({ clusterId, at }: Create, { clusters }: Snapshot): boolean {
  const cluster = clusters.get(clusterId);
  return cluster !== undefined && at >= (cluster.readAt ?? 0);
}

export class Fleet {
  readonly #services: FleetServices;
  readonly #stopping = new AbortController();
  #snapshot: Snapshot | undefined;
  /** Creates since their cluster was read, oldest first. */
  #created: Create[] = [];
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
    const created = this.#created
      .filter((create) => create.vpcId === vpcId)
      .map((create) => create.clusterId);
    const others = [...snapshot.clusters.values()].filter(({ id }) => id !== clusterId);
    const clusters = others.filter(
      ({ id, peerings = [] }) =>
        created.includes(id) || peerings.some((listed) => listed.vpcId === vpcId && isLive(listed)),
    );
    const unknown = others.filter(
      (other) => !this.#isYoung(other.readAt) && !clusters.includes(other),
    ).length;
    return { clusters, unknown };
  }

  /** A create that the next snapshot may have missed. */
  recordCreate(clusterId: string, vpcId: string): void {
    this.#created.push({ clusterId, vpcId, at: this.#services.clock.now() });
    if (this.#created.length > maxCreated) this.#created.shift();
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
      this.#created = this.#created.filter((create) => isMissing(create, snapshot));
      await observe?.(snapshot);
      const unread = [...snapshot.clusters.values()].filter(({ isUnread }) => isUnread).length;
      if (unread > 0) logger.warn({ unread }, 'peerings of some clusters could not be read for the fleet');
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        logger.warn({ err: error }, 'the fleet could not be read; the last snapshot is kept');
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
