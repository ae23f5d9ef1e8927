// Reads all peerings of a cluster from Aerospike Cloud under the gateway's own credential, page by page. Either gives the
// whole list or fails; half a list would show as absent what is there.
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import type { UpstreamClient } from './client.ts';
import type { UpstreamAnswer } from './read-answer.ts';

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

const page = z.looseObject({
  meta: z.looseObject({ total: z.int().optional() }).optional(),
  vpcPeerings: z.array(listedPeering),
});

/** `LimitParam` of the vendor's contract allows no more. */
const pageSize = 100;
/** Far beyond what a cluster can have. */
const mostPages = 100;

export type PeeringList =
  | { readonly peerings: readonly ListedPeering[]; readonly answer?: undefined }
  /** The upstream's own answer, when it is a 4xx: there is no such cluster, or it may not be asked. */
  | { readonly answer: UpstreamAnswer; readonly peerings?: undefined };

/** Does the peering keep others from being made? (interface, section 3: preflight) */
export const isLive = ({ status }: ListedPeering): boolean => !deadStatuses.includes(status ?? '');

/** Rejects with a `GatewayError` when the upstream cannot be asked or its list is broken; nothing was changed then. */
export async function readPeerings(
  upstream: UpstreamClient,
  clusterId: string,
  requestId: string,
): Promise<PeeringList> {
  const found = new Map<string, ListedPeering>();
  const path = `/database/clusters/${clusterId}/vpc-peerings`;
  let offset = 0;
  for (let number = 0; number < mostPages; number += 1) {
    const query = new URLSearchParams({ limit: String(pageSize), offset: String(offset) });
    const answer = await upstream.read({ method: 'GET', path, query, requestId });
    if (answer.status >= 400 && answer.status < 500) return { answer };
    const read = answer.status === 200 ? page.safeParse(answer.json) : undefined;
    if (!read?.success) throw brokenList(answer.status);
    const { meta, vpcPeerings } = read.data;
    const before = found.size;
    for (const peering of vpcPeerings) found.set(peering.id, peering);
    offset += vpcPeerings.length;
    // A server may give fewer than were asked for, or all of them again.
    const complete = meta?.total === undefined ? vpcPeerings.length < pageSize : offset >= meta.total;
    if (complete || found.size === before) return { peerings: [...found.values()] };
  }
  throw brokenList(200);
}

const brokenList = (receivedStatus: number): GatewayError =>
  new GatewayError('upstream-broken', {
    detail: "Aerospike Cloud's list of the cluster's peerings was broken. The request was not sent.",
    context: { sent: 'no' },
    proxyError: 'http_protocol_error',
    receivedStatus,
  });
