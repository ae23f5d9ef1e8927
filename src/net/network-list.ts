// A list of networks as a policy keeps it: what it covers, how many there were, and the first few by name for people.
import { type AddressRanges, rangesOf } from './address-ranges.ts';
import { formatIpv4Network, type Ipv4Network } from './ipv4.ts';

/** Plain data that can be handed from one thread to another. */
export interface NetworkList {
  readonly ranges: AddressRanges;
  readonly count: number;
  /** At most `maxNamed` of them, in the order of the list. */
  readonly named: readonly string[];
}

/** At most so many values of a list are named to a caller. */
export const maxNamed = 20;

export const networkListOf = (networks: readonly Ipv4Network[]): NetworkList => ({
  ranges: rangesOf(networks),
  count: networks.length,
  named: networks.slice(0, maxNamed).map(formatIpv4Network),
});
