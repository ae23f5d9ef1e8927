// A set of IPv4 addresses given as networks. Answers containment and overlap by one binary search over merged ranges;
// networks that touch or nest count as the one range that they cover together.
import type { Ipv4Network } from './ipv4.ts';

/** An immutable set of addresses. Both questions take O(log n) and allocate nothing. */
export class CidrSet {
  readonly #firsts: Uint32Array;
  readonly #lasts: Uint32Array;

  constructor(networks: Iterable<Ipv4Network>) {
    const sorted = [...networks].sort((a, b) => a.first - b.first);
    const firsts: number[] = [];
    const lasts: number[] = [];
    for (const { first, last } of sorted) {
      const previous = lasts.at(-1);
      if (previous !== undefined && first <= previous + 1) lasts[lasts.length - 1] = Math.max(previous, last);
      else {
        firsts.push(first);
        lasts.push(last);
      }
    }
    this.#firsts = Uint32Array.from(firsts);
    this.#lasts = Uint32Array.from(lasts);
  }

  /** Is every address of the network in the set? */
  contains(network: Ipv4Network): boolean {
    const at = this.#lastStartingAtOrBefore(network.first);
    return at >= 0 && network.last <= (this.#lasts[at] as number);
  }

  /** Is any address of the network in the set? */
  overlaps(network: Ipv4Network): boolean {
    const at = this.#lastStartingAtOrBefore(network.last);
    return at >= 0 && (this.#lasts[at] as number) >= network.first;
  }

  #lastStartingAtOrBefore(address: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] as number) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
