// Tells which peering of a list a create made, by its five values: the list names no request. Takes no account of which
// peerings other creates are known to have made.
import type { PeeringRequest } from '../policy/engine/decision.ts';
import { isLive, type ListedPeering } from '../upstream/peerings.ts';

/** The peerings that the create may have made, of those that no other create is known to have made; live ones first. */
export function findTraces(
  wanted: PeeringRequest,
  peerings: readonly ListedPeering[],
): readonly ListedPeering[] {
  const alike = peerings.filter((peering) => isOf(wanted, peering));
  return [...alike.filter(isLive), ...alike.filter((peering) => !isLive(peering))];
}

/** The contract does not require that the list names the VPC; where it does not, the peering may be anybody's. */
export const mayBe = (wanted: PeeringRequest, listed: ListedPeering): boolean =>
  listed.vpcId === undefined && isOf(wanted, { ...listed, vpcId: wanted.vpcId });

/** Are these the five values? What the list does not say is not held against it. */
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
