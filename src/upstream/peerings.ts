// Reads all peerings of a cluster from Aerospike Cloud under the gateway's own credential, page by page. Either gives the
// whole list or fails, also for one malformed entry; half a list would show as absent what is there.
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import type { UpstreamClient } from './client.ts';
import { retryAfterHeader, type UpstreamAnswer } from './read-answer.ts';
import { UpstreamRefused } from './upstream-refused.ts';

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
  // Nullable in the vendor's contract.
  meta: z.looseObject({ total: z.int().min(0).nullish() }).nullish(),
  vpcPeerings: z.array(listedPeering),
});

/** `LimitParam` of the vendor's contract allows no more. */
const pageSize = 100;
const pageAt = (offset: number): URLSearchParams =>
  new URLSearchParams({ limit: String(pageSize), offset: String(offset) });
const firstPage = pageAt(0);
/** Far beyond what a cluster can have. */
const maxPages = 100;
/** A list that changes while it is read is read again so often. */
const maxReadings = 3;

/** Does the peering prevent others that conflict with it? */
export const isLive = ({ status }: ListedPeering): boolean => !deadStatuses.includes(status ?? '');

/**
 * Rejects with `UpstreamRefused` for a 4xx, and with a `GatewayError` when the upstream cannot be read or its list is broken;
 * nothing was changed then.
 */
export async function readPeerings(
  upstream: UpstreamClient,
  clusterId: string,
  requestId: string,
): Promise<readonly ListedPeering[]> {
  const path = `/database/clusters/${clusterId}/vpc-peerings`;
  // Each page has its own time; many slow ones must not add up to what no single request may take twice.
  const until = performance.now() + upstream.timeoutMs;
  for (let reading = 0; reading < maxReadings; reading += 1) {
    const list = await readPages(async (offset) => {
      if (performance.now() > until) throw tooSlow();
      const query = offset === 0 ? firstPage : pageAt(offset);
      return await upstream.read({ path, query, requestId });
    });
    if (list !== 'incomplete') return list;
  }
  throw brokenList(200);
}

/** `incomplete`: what was read is not all that there is, by what the server says itself. */
async function readPages(
  read: (offset: number) => Promise<UpstreamAnswer>,
): Promise<readonly ListedPeering[] | 'incomplete'> {
  const found = new Map<string, ListedPeering>();
  let total: number | undefined;
  let offset = 0;
  for (let number = 0; number < maxPages; number += 1) {
    const { meta, vpcPeerings } = pageIn(await read(offset));
    const totalNow = meta?.total ?? undefined;
    // Another total: the list has changed, and an entry may have moved across the edge of a page.
    if (number > 0 && totalNow !== total) return 'incomplete';
    total = totalNow;
    const before = found.size;
    for (const peering of vpcPeerings) found.set(identityOf(peering), peering);
    offset += vpcPeerings.length;
    const isLast = total !== undefined && offset >= total && vpcPeerings.length < pageSize;
    // A server may give fewer entries than asked for, or all of them again. Without a total, a page with nothing new ends it.
    if (!isLast && found.size > before) continue;
    return isComplete(found.size, total, vpcPeerings.length) ? [...found.values()] : 'incomplete';
  }
  throw brokenList(200);
}

/** A full page that repeats known entries means that the server ignores the offset: nobody knows what lies behind it. */
const isComplete = (found: number, total: number | undefined, lastPage: number): boolean =>
  total === undefined ? lastPage !== pageSize : found >= total;

/** Whatever a peering never changes: two entries with one id that differ in it are two peerings, and neither is dropped. */
const identityOf = ({ id, vpcId, cidrBlock, accountId, region }: ListedPeering): string =>
  JSON.stringify([id, vpcId, cidrBlock, accountId, region]);

function pageIn(answer: UpstreamAnswer): z.output<typeof page> {
  if (answer.status >= 400 && answer.status < 500) throw new UpstreamRefused(answer);
  const read = answer.status === 200 ? page.safeParse(answer.json) : undefined;
  if (!read?.success) throw brokenList(answer.status, retryAfterHeader(answer));
  return read.data;
}

const tooSlow = (): GatewayError =>
  new GatewayError('upstream-timeout', {
    context: { sent: 'no' },
    proxyError: 'http_response_timeout',
    cause: new Error('the pages of the list took too long together'),
  });

const brokenList = (receivedStatus: number, headers: Record<string, string> = {}): GatewayError =>
  new GatewayError('upstream-broken', {
    detail: "Aerospike Cloud's list of the cluster's peerings was broken. The request was not sent.",
    context: { sent: 'no' },
    headers,
    proxyError: 'http_protocol_error',
    receivedStatus,
  });
