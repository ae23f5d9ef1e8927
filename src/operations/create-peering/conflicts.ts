// Refuses a create for what is there already. Names another peering only to a caller who could have made that one: of
// others it says only that they exist.
import { GatewayError, invalidField } from '../../errors.ts';
import { formed, vpcIdPattern } from '../../net/aws.ts';
import {
  formatIpv4Network,
  type Ipv4Network,
  isIpv4Fault,
  listedNetwork,
  overlap,
  parseIpv4Network,
} from '../../net/ipv4.ts';
import type { PeeringRequest } from '../../policy/engine/decision.ts';
import { decideFor } from '../../request/authorize.ts';
import type { Parsed } from '../../request/request.ts';
import { preflightFailed } from '../../upstream/network-reader.ts';
import { type ListedPeering, quotableStatus } from '../../upstream/peerings.ts';
import type { CreateTarget } from './create-peering.ts';

/** Conflicts that an answer names. */
const maxNamed = 20;

/** `live`: the cluster's. Throws `vpc-peered-already` or `cidr-overlap`. */
export function refuseConflicts(
  request: Parsed<CreateTarget>,
  clusterBlock: Ipv4Network,
  live: readonly ListedPeering[],
): void {
  const { peering: wanted, clusterId } = request.target;
  const same = live.find(({ vpcId }) => vpcId === wanted.vpcId);
  if (same !== undefined) throw peeredAlready(request, same);
  const block = parseIpv4Network(wanted.cidrBlock);
  if (isIpv4Fault(block)) throw new Error('a create whose block is no network');
  const others = live.map((listed) => [listed, networkOfListed(listed)] as const);
  const conflictsOf = (asked: Ipv4Network): string[] => [
    ...(overlap(asked, clusterBlock) ? [`overlaps ${formatIpv4Network(clusterBlock)} of the cluster`] : []),
    ...others
      .filter(([, network]) => network !== undefined && overlap(asked, network))
      .map(([other]) =>
        mayName(request, clusterId, other)
          ? `overlaps ${other.cidrBlock} of peering ${nameOf(other)}`
          : 'overlaps the block of another peering',
      ),
  ];
  const own = request.policy.vpcs?.find(wanted.vpcId)?.blocks ?? [];
  const invalid = [
    ...conflictsOf(block).map((text) => ['/cidrBlock', text] as const),
    // AWS refuses a peering for any block of the VPC.
    ...own.flatMap((other) =>
      overlap(other, block)
        ? []
        : conflictsOf(other).map(
            (text) => ['/vpcId', `has ${formatIpv4Network(other)}, which ${text}`] as const,
          ),
    ),
  ];
  if (invalid.length === 0) return;
  const named = new Map(invalid.map(([field, text]) => [`${field} ${text}`, invalidField(field, text)]));
  throw new GatewayError('cidr-overlap', { context: { invalid: [...named.values()].slice(0, maxNamed) } });
}

function networkOfListed({ id, cidrBlock }: ListedPeering): Ipv4Network | undefined {
  if (cidrBlock === undefined) throw preflightFailed(200, `the list names no block for peering ${id}`);
  const network = listedNetwork(cidrBlock);
  if (network === 'malformed') throw preflightFailed(200, 'the list names a block of an unknown form');
  return network;
}

/** With its VPC, if the list has an id of AWS's form there. */
function nameOf({ id, vpcId }: ListedPeering): string {
  const vpc = formed(vpcId, vpcIdPattern);
  return vpc === undefined ? id : `${id} (${vpc})`;
}

function peeredAlready(request: Parsed<CreateTarget>, same: ListedPeering): GatewayError {
  const { vpcId, clusterId } = request.target.peering;
  const isNamed = mayName(request, clusterId, same);
  const status = isNamed ? ` (status ${quotableStatus(same) ?? 'unknown'})` : ' by another peering';
  return new GatewayError('vpc-peered-already', {
    detail: `${vpcId} is already peered with the cluster${status}.`,
    context: { resource: 'vpc-peering', ...(isNamed ? { id: same.id } : {}) },
  });
}

/** Could the caller have made the create for that cluster, account and region? */
export function mayName(
  request: Parsed<CreateTarget>,
  clusterId: string,
  { accountId, region }: Pick<ListedPeering, 'accountId' | 'region'>,
): boolean {
  if (accountId === undefined || region === undefined) return false;
  const peering: PeeringRequest = { ...request.target.peering, clusterId, accountId, region };
  // In report mode, too, only what a grant covers is named. The registry speaks of the caller's VPC, not of the other one.
  const { violations } = decideFor(request, 'create', { clusterId, peering });
  return violations.every(({ rule }) => rule === 'vpcs');
}
