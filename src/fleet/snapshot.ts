// All clusters and all their peerings as they were read at one time. A cluster that could not be read is unread, never empty: it
// keeps the peerings of an earlier snapshot.
import { cidrBlockPattern, formed } from '../net/aws.ts';
import { type Ipv4Network, listedBlock } from '../net/ipv4.ts';
import type { UpstreamReader } from '../upstream/client.ts';
import { type ListedCluster, readClusters } from '../upstream/clusters.ts';
import { isLive, type ListedPeering, readPeerings } from '../upstream/peerings.ts';

export interface FleetCluster {
  /** In lower case. */
  readonly id: string;
  readonly name: string | undefined;
  readonly cidrBlock: string | undefined;
  /** `undefined`: the list does not say, or not a network. */
  readonly block: Ipv4Network | undefined;
  /** `undefined`: never read. */
  readonly peerings: readonly ListedPeering[] | undefined;
  /** When they were read, as `generatedAt`. */
  readonly readAt: number | undefined;
  /** They could not be read for this snapshot. */
  readonly isUnread: boolean;
}

export interface Snapshot {
  /** Milliseconds since the epoch: when its reading began. */
  readonly generatedAt: number;
  /** By id. */
  readonly clusters: ReadonlyMap<string, FleetCluster>;
}

/** Requests at once: a share that leaves the upstream to creates. */
const maxAtOnce = 4;
/** For the pages of the list of clusters together. */
const clustersTimeoutMs = 120_000;

/** The ids of the clusters that could not be read. */
export const unreadIn = ({ clusters }: Snapshot): string[] =>
  [...clusters.values()].flatMap(({ id, isUnread }) => (isUnread ? id : []));

export const isComplete = (snapshot: Snapshot): boolean => unreadIn(snapshot).length === 0;

/** The clusters that each VPC has a live peering with. */
export function clustersByVpc(
  clusters: Iterable<FleetCluster>,
): ReadonlyMap<string, readonly FleetCluster[]> {
  const found = new Map<string, FleetCluster[]>();
  for (const cluster of clusters) {
    const vpcs = new Set((cluster.peerings ?? []).filter(isLive).flatMap(({ vpcId }) => vpcId ?? []));
    for (const vpc of vpcs) {
      const known = found.get(vpc);
      if (known === undefined) found.set(vpc, [cluster]);
      else known.push(cluster);
    }
  }
  return found;
}

export const peeringIds = ({ clusters }: Snapshot): string[] =>
  [...clusters.values()].flatMap(({ peerings = [] }) => peerings.map(({ id }) => id));

/**
 * Rejects when the clusters cannot be listed. `requestId` is sent as `X-Request-Id`. `previous`: what is known of a cluster that
 * cannot be read.
 */
export async function readSnapshot(
  upstream: UpstreamReader,
  {
    now,
    requestId,
    previous,
  }: { readonly now: number; readonly requestId: string; readonly previous?: Snapshot | undefined },
): Promise<Snapshot> {
  const { entries } = await readClusters(upstream, { requestId, timeoutMs: clustersTimeoutMs });
  const clusters = new Map<string, FleetCluster>();
  const waiting = entries.values();
  const readOn = async () => {
    for (const cluster of waiting) {
      const id = cluster.id.toLowerCase();
      const list = await readPeerings(upstream, cluster.id, requestId).catch(() => undefined);
      const earlier = previous?.clusters.get(id);
      const known =
        list === undefined
          ? { peerings: earlier?.peerings, readAt: earlier?.readAt, isUnread: true }
          : { peerings: list.entries, readAt: now, isUnread: false };
      clusters.set(id, { id, ...namesOf(cluster), ...known });
    }
  };
  await Promise.all(Array.from({ length: maxAtOnce }, readOn));
  return { generatedAt: now, clusters };
}

/** Each peering of the cluster has it in `GET /peerings`. */
const namePattern = /^.{1,256}$/s;

function namesOf({
  name,
  infrastructure,
}: ListedCluster): Pick<FleetCluster, 'name' | 'cidrBlock' | 'block'> {
  const cidrBlock = formed(infrastructure?.cidrBlock, cidrBlockPattern);
  return { name: formed(name, namePattern), cidrBlock, block: listedBlock(cidrBlock) };
}
