// How many peerings of the last snapshot have which status and which finding, for metrics: counts, never an id.
import { inTurns } from '../async/in-turns.ts';
import type { Logger } from '../logging/logger.ts';
import type { Policy } from '../policy/engine/compile.ts';
import type { CreatorStore } from '../state/creators/creator-store.ts';
import type { CreatorLog } from './creator-log.ts';
import { type FleetPeering, findingCodes, peeringsByCluster } from './findings.ts';
import { peeringIds, type Snapshot } from './snapshot.ts';

interface FleetCountsServices {
  readonly creators: CreatorStore;
  readonly creatorLog: CreatorLog;
  readonly policy: () => Policy;
  readonly now: () => number;
  readonly logger: Logger;
}

type Counts = readonly (readonly [label: string, count: number])[];

/** `VPCPeeringStatus` of the vendor's contract. */
const statuses = [
  ...['initiating-request', 'pending-acceptance', 'not-operable', 'provisioning', 'active'],
  ...['rejected', 'expired', 'failed', 'deleting', 'deleted'],
];
const otherStatus = 'other';
/** A request that lapses so soon needs somebody now. */
const lapsesSoonMs = 48 * 3_600_000;

export class FleetCounts {
  readonly #services: FleetCountsServices;
  #byStatus: Counts = [];
  #byFinding: Counts = [];
  /** Milliseconds since the epoch. */
  #acceptBys: readonly number[] | undefined;

  constructor(services: FleetCountsServices) {
    this.#services = services;
  }

  /** Empty before the first snapshot, as the next one. */
  get byStatus(): Counts {
    return this.#byStatus;
  }

  get byFinding(): Counts {
    return this.#byFinding;
  }

  /** Requests that lapse within 48 hours; `undefined` before the first snapshot. */
  get lapsing(): number | undefined {
    const now = this.#services.now();
    return this.#acceptBys?.filter((at) => at > now && at <= now + lapsesSoonMs).length;
  }

  /** Never rejects: while the creators cannot be read, the former counts stay. */
  async observe(snapshot: Snapshot): Promise<void> {
    const { creators: store, creatorLog, policy, now, logger } = this.#services;
    try {
      // Before the log is read, nobody can be said to be unknown.
      const { isRead } = creatorLog;
      const creators = await store.creatorsOf(peeringIds(snapshot));
      const peerings: FleetPeering[] = [];
      const known = { policy: policy(), creators, now: now() };
      for await (const some of inTurns(peeringsByCluster(snapshot, known))) peerings.push(...some);
      this.#byStatus = countBy([...statuses, otherStatus], peerings, ({ status = '' }) => [
        statuses.includes(status) ? status : otherStatus,
      ]);
      const codes = findingCodes.filter((code) => isRead || code !== 'creator_unknown');
      this.#byFinding = countBy(codes, peerings, ({ findings }) => findings.map(({ code }) => code));
      this.#acceptBys = peerings.flatMap(({ acceptBy }) =>
        acceptBy === undefined ? [] : Date.parse(acceptBy),
      );
    } catch (error) {
      logger.warn({ err: error }, 'the fleet could not be counted; the former counts stay');
    }
  }
}

function countBy(
  labels: readonly string[],
  peerings: readonly FleetPeering[],
  labelsOf: (peering: FleetPeering) => readonly string[],
): Counts {
  const counts = new Map(labels.map((label) => [label, 0]));
  for (const peering of peerings)
    for (const label of new Set(labelsOf(peering))) {
      const count = counts.get(label);
      if (count !== undefined) counts.set(label, count + 1);
    }
  return [...counts];
}
