// Every operation of the API.
import type { Operation } from '../pipeline/operation.ts';
import { createPeering } from './create-peering/create-peering.ts';
import { deletePeering } from './delete-peering/delete-peering.ts';
import { getCluster } from './get-cluster/get-cluster.ts';
import { getPeering } from './get-peering/get-peering.ts';
import { listClusters } from './list-clusters/list-clusters.ts';
import { listFleet } from './list-fleet/list-fleet.ts';
import { listPeerings } from './list-peerings/list-peerings.ts';
import { readPolicy } from './read-policy/read-policy.ts';

export const operations: readonly Operation[] = [
  createPeering,
  listPeerings,
  getPeering,
  deletePeering,
  listClusters,
  getCluster,
  listFleet,
  readPolicy,
];
