// CidrSet against two readers that know no ranges: one counts addresses one by one in a small universe, one compares bits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rangesOf } from '../../src/net/address-ranges.ts';
import { CidrSet } from '../../src/net/cidr-set.ts';
import { type Ipv4Network, isIpv4Fault, parseIpv4Network } from '../../src/net/ipv4.ts';
import { isCovered, overlapsAny, textOf } from './bits.ts';
import { bits, crowdedBits } from './networks.ts';

function network(fixed: string): Ipv4Network {
  const parsed = parseIpv4Network(textOf(fixed));
  if (isIpv4Fault(parsed)) throw new Error(parsed.fault);
  return parsed;
}

function* addressesOf({ first, last }: Ipv4Network): Generator<number> {
  for (let address = first; address <= last; address += 1) yield address;
}

test('in a universe of 64 addresses, the set knows each one of them', () => {
  const universe = crowdedBits(26).chain(({ rest }) =>
    fc.record({ set: fc.array(rest, { maxLength: 12 }), asked: rest }),
  );
  fc.assert(
    fc.property(universe, ({ set, asked }) => {
      const cidrSet = new CidrSet(rangesOf(set.map(network)));
      const members = new Set(set.flatMap((fixed) => [...addressesOf(network(fixed))]));
      const addresses = [...addressesOf(network(asked))];
      assert.equal(
        cidrSet.contains(network(asked)),
        addresses.every((address) => members.has(address)),
      );
      assert.equal(
        cidrSet.overlaps(network(asked)),
        addresses.some((address) => members.has(address)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('networks of every size, nested, touching and apart, are contained and overlap as their bits say', () => {
  const halves = bits.filter((fixed) => fixed.length < 32).map((fixed) => [`${fixed}0`, `${fixed}1`]);
  const set = fc
    .array(
      fc.oneof(
        bits.map((fixed) => [fixed]),
        halves,
      ),
      { maxLength: 8 },
    )
    .map((lists) => lists.flat());
  const asked = set.chain((list) =>
    fc.record({
      set: fc.constant(list),
      asked: fc.oneof(
        bits,
        ...list.flatMap((fixed) => [fc.constant(fixed), fc.constant(fixed.slice(0, -1))]),
      ),
    }),
  );
  fc.assert(
    fc.property(asked, ({ set: list, asked: fixed }) => {
      const cidrSet = new CidrSet(rangesOf(list.map(network)));
      assert.equal(cidrSet.contains(network(fixed)), isCovered(list, fixed));
      assert.equal(cidrSet.overlaps(network(fixed)), overlapsAny(list, fixed));
    }),
    { numRuns: 2000 },
  );
});

test('the order of the networks, and naming one twice, makes no difference', () => {
  const lists = fc.array(bits, { minLength: 1, maxLength: 8 }).chain((list) =>
    fc.record({
      list: fc.constant(list),
      shuffled: fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
      asked: bits,
    }),
  );
  fc.assert(
    fc.property(lists, ({ list, shuffled, asked }) => {
      const [one, other] = [
        new CidrSet(rangesOf(list.map(network))),
        new CidrSet(rangesOf(shuffled.map(network))),
      ];
      assert.equal(one.contains(network(asked)), other.contains(network(asked)));
      assert.equal(one.overlaps(network(asked)), other.overlaps(network(asked)));
    }),
    { numRuns: 500 },
  );
});
