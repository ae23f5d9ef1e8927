// Every operation of the API.
import type { Operation } from '../pipeline/operation.ts';
import { createPeering } from './create-peering/create-peering.ts';
import { deletePeering } from './delete-peering/delete-peering.ts';
import { getPeering } from './get-peering/get-peering.ts';
import { listPeerings } from './list-peerings/list-peerings.ts';
import { readPolicy } from './read-policy/read-policy.ts';

export const operations: readonly Operation[] = [
  createPeering,
  listPeerings,
  getPeering,
  deletePeering,
  readPolicy,
];
