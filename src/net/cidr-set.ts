// A set of IPv4 addresses with fast tests for containment and overlap: one binary search over merged ranges. Adjacent and nested
// networks count as one range.
import type { AddressRanges } from './address-ranges.ts';
import type { Ipv4Network } from './ipv4.ts';

/** Immutable. The tests take O(log n) and allocate nothing. */
export class CidrSet {
  readonly #firsts: Uint32Array;
  readonly #lasts: Uint32Array;

  constructor({ firsts, lasts }: AddressRanges) {
    this.#firsts = firsts;
    this.#lasts = lasts;
  }

  /** Is every address of the range in the set? */
  contains({ first, last }: Pick<Ipv4Network, 'first' | 'last'>): boolean {
    const at = this.#lastStartingAtOrBefore(first);
    return at >= 0 && last <= (this.#lasts[at] as number);
  }

  /** Is any address of the range in the set? */
  overlaps({ first, last }: Pick<Ipv4Network, 'first' | 'last'>): boolean {
    const at = this.#lastStartingAtOrBefore(last);
    return at >= 0 && (this.#lasts[at] as number) >= first;
  }

  /** Is the whole of the other set in this one? Takes O(m log n). */
  includes(other: CidrSet): boolean {
    return other.#firsts.every((first, index) =>
      this.contains({ first, last: other.#lasts[index] as number }),
    );
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
