// The clusters of the gateway's own organization, as Aerospike Cloud lists them.
import { z } from 'zod';
import { uuidPattern } from '../net/aws.ts';
import type { UpstreamReader } from './client.ts';
import { type ListForm, type ListRequest, readList, type UpstreamList } from './read-list.ts';

/** One entry of the vendor's `ClusterExisting`, with whatever else stands in it. */
const listedCluster = z.looseObject({
  id: z.string().regex(uuidPattern),
  name: z.unknown().optional(),
  infrastructure: z.looseObject({ cidrBlock: z.unknown().optional() }).nullish(),
});

export type ListedCluster = z.output<typeof listedCluster>;

const form: ListForm<ListedCluster> = {
  name: 'the clusters',
  // A cluster with its configuration and certificate takes some 10 KiB.
  pageSize: 25,
  member: 'clusters',
  entries: z.array(listedCluster),
  identityOf: ({ id }) => id,
};

/** Rejects as `readList` does. */
export const readClusters = (
  upstream: UpstreamReader,
  request: Omit<ListRequest, 'path'>,
): Promise<UpstreamList<ListedCluster>> =>
  readList(upstream, form, { ...request, path: '/database/clusters' });
