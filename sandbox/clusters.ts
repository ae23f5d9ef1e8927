// The two clusters of the sandbox, rendered in full as the contract's `ClusterExisting`, and the peerings of each.
import type { PeeringRequest } from './create-body.ts';
import { createPeering, type Peering } from './peerings.ts';

export interface Cluster {
  readonly id: string;
  readonly name: string;
  /** The cluster's own /19; AWS refuses a peering that overlaps it. */
  readonly cidrBlock: string;
  readonly networkId: string;
  /** `ClusterStatus` of the contract; `active` unless it is given. */
  readonly status?: string;
}

export const sandboxClusters: readonly Cluster[] = Object.freeze([
  {
    id: '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11',
    name: 'orders',
    cidrBlock: '10.128.0.0/19',
    networkId: 'vpc-0a1b2c3d4e5f60718',
  },
  {
    id: 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22',
    name: 'analytics',
    cidrBlock: '10.130.0.0/19',
    networkId: 'vpc-0f9e8d7c6b5a40312',
  },
]);

export function renderCluster(cluster: Cluster): Record<string, unknown> {
  return {
    id: cluster.id,
    name: cluster.name,
    createdAt: '2026-01-15T09:30:00Z',
    updatedAt: '2026-01-15T10:05:00Z',
    dataPlaneVersion: '0.0.1',
    connectionDetails: { host: `${cluster.id}.asdb.example` },
    infrastructure: {
      provider: 'aws',
      instanceType: 'm5d.large',
      region: 'us-east-1',
      availabilityZoneCount: 2,
      zoneIds: ['use1-az1', 'use1-az2'],
      cidrBlock: cluster.cidrBlock,
      networkId: cluster.networkId,
      accountId: '999988887777',
    },
    aerospikeCloud: { clusterSize: 2, dataStorage: 'local-disk' },
    aerospikeServer: { namespaces: [{ name: 'main' }] },
    health: { state: 'ONLINE', status: cluster.status ?? 'active' },
  };
}

/** Default maximum per cluster; the oldest make room, so that a long benchmark does not grow the process. */
const keptByDefault = 10_000;

export class ClusterPeerings {
  readonly cluster: Cluster;
  readonly #kept: number;
  readonly #byId = new Map<string, Peering>();

  constructor(cluster: Cluster, kept = keptByDefault) {
    this.cluster = cluster;
    this.#kept = kept;
  }

  add(request: PeeringRequest, now: number): Peering {
    const peering = createPeering(request, this.cluster.cidrBlock, now);
    this.#byId.set(peering.id, peering);
    if (this.#byId.size > this.#kept) {
      for (const oldest of this.#byId.keys()) {
        this.#byId.delete(oldest);
        break;
      }
    }
    return peering;
  }

  /** Oldest first. */
  list(): readonly Peering[] {
    return [...this.#byId.values()];
  }

  find(id: string): Peering | undefined {
    return this.#byId.get(id);
  }
}
