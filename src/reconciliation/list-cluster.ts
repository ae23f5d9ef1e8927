// The peerings of a cluster as reconciliation takes them: a cluster that is gone has none, and a status of an unknown form
// gets into no record.
import type { Settlement } from '../audit/record/reconciled-event.ts';
import { GatewayError } from '../errors.ts';
import type { UpstreamReader } from '../upstream/client.ts';
import { type ListedPeering, quotableStatus, readPeerings } from '../upstream/peerings.ts';
import { retryAfterHeader } from '../upstream/read-answer.ts';
import { UpstreamRefused } from '../upstream/upstream-refused.ts';

/** Rejects when the list cannot be read. */
export const listCluster = (
  upstream: UpstreamReader,
  clusterId: string,
  requestId: string,
): Promise<readonly ListedPeering[]> =>
  readPeerings(upstream, clusterId, requestId).then(({ entries }) => entries, noneIfGone);

/** 404: the cluster is gone, and its peerings with it. Any other refusal says nothing about them. */
function noneIfGone(error: unknown): [] {
  if (!(error instanceof UpstreamRefused)) throw error;
  const { status } = error.answer;
  if (status === 404) return [];
  const headers = retryAfterHeader(error.answer);
  throw new GatewayError('upstream-broken', { detail: `Aerospike Cloud answered ${status}`, headers });
}

export const foundAs = (listed: ListedPeering): Settlement => ({
  found: true,
  resourceId: listed.id,
  peeringStatus: quotableStatus(listed),
});
