// The peerings of a cluster, as Aerospike Cloud lists them.
import { z } from 'zod';
import { formed } from '../net/aws.ts';
import type { UpstreamReader } from './client.ts';
import { type ListForm, readList, type UpstreamList } from './read-list.ts';

/** The vendor's `VPCPeeringStatus`. A status that is none of these is taken as one of a live peering. */
const deadStatuses = ['rejected', 'expired', 'failed', 'deleting', 'deleted'];

/** One entry of the vendor's `VPCPeeringSchema`, with whatever else stands in it. The contract requires only the id. */
const listedPeering = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/),
  accountId: z.string().optional(),
  vpcId: z.string().optional(),
  region: z.string().optional(),
  cidrBlock: z.string().optional(),
  status: z.string().optional(),
  peeringId: z.string().optional(),
  isSecureConnection: z.boolean().optional(),
});

export type ListedPeering = z.output<typeof listedPeering>;

const form: ListForm<ListedPeering> = {
  name: "the cluster's peerings",
  pageSize: 100,
  member: 'vpcPeerings',
  entries: z.array(listedPeering),
  identityOf: ({ id, vpcId, cidrBlock, accountId, region }) =>
    JSON.stringify([id, vpcId, cidrBlock, accountId, region]),
};

/** Any status that the vendor may come to name. */
const statusShape = /^[a-z][a-z-]{0,63}$/;

/** The status as a record or an answer may quote it; `undefined` for what else Aerospike Cloud says in its place. */
export const quotableStatus = ({ status }: ListedPeering): string | undefined => formed(status, statusShape);

/** Does the peering prevent others that conflict with it? */
export const isLive = ({ status }: ListedPeering): boolean => !deadStatuses.includes(status ?? '');

/** Rejects as `readList` does. */
export const readPeerings = (
  upstream: UpstreamReader,
  clusterId: string,
  requestId: string,
  isExact = false,
): Promise<UpstreamList<ListedPeering>> =>
  readList(upstream, form, {
    path: `/database/clusters/${clusterId}/vpc-peerings`,
    requestId,
    isExact,
  });
