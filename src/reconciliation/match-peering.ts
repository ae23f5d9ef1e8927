// Finds the listed peerings that a create may have made, by its five values: the list does not name requests. Does not consider
// which peerings other creates are known to have made.
import type { PeeringRequest } from '../policy/engine/decision.ts';
import { isLive, type ListedPeering } from '../upstream/peerings.ts';

/** The peerings that the create may have made, live ones first. */
export function findCandidates(
  wanted: PeeringRequest,
  peerings: readonly ListedPeering[],
): readonly ListedPeering[] {
  const alike = peerings.filter((peering) => isOf(wanted, peering));
  return [...alike.filter(isLive), ...alike.filter((peering) => !isLive(peering))];
}

/** The only live candidate, or the only one if none is live. `undefined` if there are several: at most one is its own. */
export function findOnly(
  wanted: PeeringRequest,
  peerings: readonly ListedPeering[],
): ListedPeering | undefined {
  const [first, second] = findCandidates(wanted, peerings);
  const isOnly = second === undefined || (first !== undefined && isLive(first) && !isLive(second));
  return isOnly ? first : undefined;
}

/** The contract does not require the list to name the VPC. A peering without one may belong to any create. */
export const mayBe = (wanted: PeeringRequest, listed: ListedPeering): boolean =>
  listed.vpcId === undefined && isOf(wanted, { ...listed, vpcId: wanted.vpcId });

/** Does the peering have these five values? Except for the VPC, values that the list lacks count as equal. */
export function isOf(wanted: PeeringRequest, listed: ListedPeering): boolean {
  const { vpcId, cidrBlock, accountId, region, isSecureConnection } = wanted;
  return (
    listed.vpcId === vpcId &&
    (listed.cidrBlock ?? cidrBlock) === cidrBlock &&
    (listed.accountId ?? accountId) === accountId &&
    (listed.region ?? region) === region &&
    (listed.isSecureConnection ?? isSecureConnection) === isSecureConnection
  );
}
