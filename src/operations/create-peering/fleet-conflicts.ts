// Refuses a create for what the VPC is peered with elsewhere, and for the policy's limits on the number of peerings. Report
// mode suspends neither.
import { GatewayError, invalidField } from '../../errors.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { type Ipv4Network, overlap } from '../../net/ipv4.ts';
import type { Parsed } from '../../request/request.ts';
import { preflightFailed } from '../../upstream/network-reader.ts';
import { mayName } from './conflicts.ts';
import type { CreateTarget } from './create-peering.ts';

/** Other clusters that an answer names. */
const maxNamed = 20;

/**
 * The VPC must not be peered with another cluster of an overlapping block: it could not route to both. Throws
 * `vpc-peered-elsewhere`. Without a snapshot that is young enough nothing is checked.
 */
export function refusePeeredElsewhere(
  request: Parsed<CreateTarget>,
  clusterBlock: Ipv4Network,
  fleet: Fleet | undefined,
): void {
  const { clusterId, peering } = request.target;
  const others = fleet?.otherClustersOf(peering.vpcId, clusterId)?.clusters ?? [];
  const shared = others.filter(({ block }) => block !== undefined && overlap(block, clusterBlock));
  if (shared.length === 0) return;
  const descriptions = shared.map(({ id, cidrBlock }) =>
    mayName(request, id, peering)
      ? `is peered with cluster ${id}, whose block ${cidrBlock} overlaps that of this cluster`
      : 'is peered with another cluster whose block overlaps that of this cluster',
  );
  const invalid = [...new Set(descriptions)].slice(0, maxNamed).map((text) => invalidField('/vpcId', text));
  throw new GatewayError('vpc-peered-elsewhere', { context: { invalid } });
}

/** `liveCount`: of the cluster's peerings. Throws `peering-limit`, or `preflight-failed` when `perVpc` cannot be counted. */
export function refuseBeyondLimits(
  { target, policy }: Parsed<CreateTarget>,
  liveCount: number,
  fleet: Fleet | undefined,
): void {
  const { perCluster, perVpc } = policy.data.guardrails.maxPeerings ?? {};
  if (perCluster !== undefined && liveCount >= perCluster)
    throw beyond(
      `The cluster has ${liveCount} live peerings; the policy allows ${perCluster}.`,
      perCluster,
      liveCount,
    );
  if (perVpc === undefined) return;
  const others = fleet?.otherClustersOf(target.peering.vpcId, target.clusterId);
  if (others === undefined)
    throw preflightFailed(undefined, 'there is no snapshot to count the peerings of the VPC by');
  const { length } = others.clusters;
  if (length >= perVpc)
    throw beyond(`The VPC has ${length} live peerings; the policy allows ${perVpc}.`, perVpc, length);
  if (length + others.unknown >= perVpc)
    throw preflightFailed(undefined, 'too many clusters could not be read to count the peerings of the VPC');
}

const beyond = (detail: string, limit: number, count: number): GatewayError =>
  new GatewayError('peering-limit', { detail, context: { limit, count } });
