// Which listed peering the id in a path names. Compares ids exactly as they are listed, so that what is authorized is what
// goes upstream; refuses an id that could mean two peerings.
import { GatewayError } from '../errors.ts';
import { connectionIdPattern, uuidPattern } from '../net/aws.ts';
import { preflightFailed } from './network-reader.ts';
import { isLive, type ListedPeering } from './peerings.ts';

/**
 * `peeringId`: the vendor's UUID, or AWS's id of the connection or of the VPC. `undefined`: none is listed under exactly this
 * id. Throws `peering-ambiguous` when the id could mean two peerings, and `preflight-failed` when the one found cannot be
 * named to Aerospike Cloud.
 */
export function resolvePeering(
  peerings: readonly ListedPeering[],
  peeringId: string,
): ListedPeering | undefined {
  if (uuidPattern.test(peeringId)) return byUuid(peerings, peeringId);
  const member = connectionIdPattern.test(peeringId) ? 'peeringId' : 'vpcId';
  const named = peerings.filter((listed) => listed[member] === peeringId);
  const live = named.filter(isLive);
  const [found, another] = live.length > 0 ? live : named;
  if (another !== undefined) throw ambiguous(peeringId);
  if (found === undefined) return undefined;
  if (!uuidPattern.test(found.id)) throw preflightFailed(200, 'the peering is listed without a UUID');
  return byUuid(peerings, found.id);
}

/** Ids that differ in letter case are the same UUID (RFC 9562 section 4): nobody knows which one Aerospike Cloud would take. */
function byUuid(peerings: readonly ListedPeering[], id: string): ListedPeering | undefined {
  const same = peerings.filter((listed) => listed.id.toLowerCase() === id.toLowerCase());
  if (same.length > 1) throw ambiguous(id);
  return same.find((listed) => listed.id === id);
}

const ambiguous = (id: string): GatewayError =>
  new GatewayError('peering-ambiguous', { context: { resource: 'vpc-peering', id } });
