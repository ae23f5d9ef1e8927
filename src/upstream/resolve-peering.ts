// Which listed peering the id in a path names. Compares ids exactly as they are listed, so that what is authorized is what
// goes upstream; refuses an id that could mean two peerings.
import { GatewayError } from '../errors.ts';
import type { ListedPeering } from './peerings.ts';

/**
 * `undefined`: none is listed under exactly this id. Throws `peering-ambiguous` when two are listed under it, or under ids
 * that are the same UUID (RFC 9562 section 4: letter case means nothing): nobody knows which one Aerospike Cloud would take.
 */
export function resolvePeering(
  peerings: readonly ListedPeering[],
  peeringId: string,
): ListedPeering | undefined {
  const same = peerings.filter(({ id }) => id.toLowerCase() === peeringId.toLowerCase());
  if (same.length > 1)
    throw new GatewayError('peering-ambiguous', { context: { resource: 'vpc-peering', id: peeringId } });
  return same.find(({ id }) => id === peeringId);
}
