// Checks a create against the network just before it is sent, and refuses what AWS would refuse or what is there already.
// It may only refuse: what the policy denied never comes here.
import { GatewayError, invalidField } from '../../errors.ts';
import {
  formatIpv4Network,
  type Ipv4Network,
  isIpv4Fault,
  networkOf,
  parseIpv4Network,
} from '../../net/ipv4.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import type { PeeringRequest } from '../../policy/engine/decision.ts';
import { isOf } from '../../reconciliation/match-peering.ts';
import type { Parsed } from '../../request/request.ts';
import { preflightFailed } from '../../upstream/network-reader.ts';
import { isLive, type ListedPeering } from '../../upstream/peerings.ts';
import type { CreateTarget } from './create-peering.ts';

/** Conflicts that an answer names. */
const maxNamed = 20;

/**
 * Resolves to the ids of listed peerings with the same five values, which this create cannot have made. Rejects with
 * `vpc-peered-already`, `cidr-overlap` or `UpstreamRefused`, or with a 502, 503 or 504 with `sent: no`.
 */
export async function preflight(
  { target, requestId, stages }: Parsed<CreateTarget>,
  { network, clusterLock }: PipelineServices,
): Promise<readonly string[]> {
  if (clusterLock === undefined) return [];
  return await stages.run('preflight', async () => {
    const { clusterId, peering } = target;
    const block = await network.clusterBlock(clusterId, requestId);
    const peerings = await network.peerings(clusterId, requestId);
    refuseConflicts(peering, block, peerings.filter(isLive));
    return peerings.filter((listed) => isOf(peering, listed)).map(({ id }) => id);
  });
}

function refuseConflicts(
  wanted: PeeringRequest,
  clusterBlock: Ipv4Network,
  live: readonly ListedPeering[],
): void {
  const same = live.find(({ vpcId }) => vpcId === wanted.vpcId);
  if (same !== undefined) {
    throw new GatewayError('vpc-peered-already', {
      detail: `${wanted.vpcId} is already peered with the cluster (status ${same.status ?? 'unknown'}).`,
      context: { resource: 'vpc-peering', id: same.id },
    });
  }
  const block = parseIpv4Network(wanted.cidrBlock);
  if (isIpv4Fault(block)) throw new Error('a create whose block is no network');
  const conflicting = live.filter(({ id, cidrBlock }) => {
    if (cidrBlock === undefined) throw preflightFailed(200, `the list names no block for peering ${id}`);
    const other = listedNetwork(cidrBlock);
    return other !== undefined && overlap(block, other);
  });
  const descriptions = [
    ...(overlap(block, clusterBlock) ? [`overlaps ${formatIpv4Network(clusterBlock)} of the cluster`] : []),
    ...conflicting.map(({ id, vpcId, cidrBlock }) => `overlaps ${cidrBlock} of peering ${id} (${vpcId})`),
  ];
  if (descriptions.length === 0) return;
  const invalid = descriptions.slice(0, maxNamed).map((text) => invalidField('/cidrBlock', text));
  throw new GatewayError('cidr-overlap', { context: { invalid } });
}

/**
 * The vendor's pattern only counts digits, so a listed block may have host bits set, which AWS ignores, or be no network at
 * all, which AWS can peer with nothing: then `undefined`.
 */
function listedNetwork(text: string): Ipv4Network | undefined {
  const numbers = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) throw preflightFailed(200, 'the list names a block of an unknown form');
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = numbers;
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  return networkOf(((a * 256 + b) * 256 + c) * 256 + d, prefix);
}

const overlap = (one: Ipv4Network, other: Ipv4Network): boolean =>
  one.first <= other.last && other.first <= one.last;
