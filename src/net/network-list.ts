// A list of networks as a policy keeps it: the addresses it covers, the number of networks, and the first few for messages.
import { type AddressRanges, rangesOf } from './address-ranges.ts';
import { formatIpv4Network, type Ipv4Network } from './ipv4.ts';

/** Plain data, so that it can be passed between threads. */
export interface NetworkList {
  readonly ranges: AddressRanges;
  readonly count: number;
  /** The first `maxNamed` networks of the list. */
  readonly named: readonly string[];
}

/** Bound on the values of a list in messages for callers. */
export const maxNamed = 20;

export const networkListOf = (networks: readonly Ipv4Network[]): NetworkList => ({
  ranges: rangesOf(networks),
  count: networks.length,
  named: networks.slice(0, maxNamed).map(formatIpv4Network),
});
