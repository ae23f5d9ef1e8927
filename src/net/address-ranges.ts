// Merges networks into sorted, disjoint ranges. A range takes eight bytes, in plain arrays that can be passed between threads.
import type { Ipv4Network } from './ipv4.ts';

/** Ranges in ascending order; `lasts[i]` is more than one below `firsts[i + 1]`. */
export interface AddressRanges {
  readonly firsts: Uint32Array<ArrayBuffer>;
  readonly lasts: Uint32Array<ArrayBuffer>;
}

/** Factor of the sort key, address × 64 + prefix: 38 bits, exact in a double. */
const prefixes = 64;

/** Accepts networks in any order, also nested and duplicate ones. */
export class RangesBuilder {
  #keys = new Float64Array(16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ first, prefix }: Pick<Ipv4Network, 'first' | 'prefix'>): void {
    if (this.#count === this.#keys.length) {
      const larger = new Float64Array(this.#keys.length * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    this.#keys[this.#count] = first * prefixes + prefix;
    this.#count += 1;
  }

  build(): AddressRanges {
    const keys = this.#keys.subarray(0, this.#count).sort();
    const firsts = new Uint32Array(this.#count);
    const lasts = new Uint32Array(this.#count);
    let length = 0;
    for (const key of keys) {
      const first = Math.floor(key / prefixes);
      const last = first + 2 ** (32 - (key % prefixes)) - 1;
      const previous = lasts[length - 1] ?? -2;
      if (first <= previous + 1) lasts[length - 1] = Math.max(previous, last);
      else {
        firsts[length] = first;
        lasts[length] = last;
        length += 1;
      }
    }
    return { firsts: firsts.slice(0, length), lasts: lasts.slice(0, length) };
  }
}

export function rangesOf(networks: Iterable<Pick<Ipv4Network, 'first' | 'prefix'>>): AddressRanges {
  const builder = new RangesBuilder();
  for (const network of networks) builder.add(network);
  return builder.build();
}
