// Sets of addresses against plain loops over the networks that they were made of, over the whole of IPv4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RangesBuilder, rangesOf } from '../../src/net/address-ranges.ts';
import { CidrSet } from '../../src/net/cidr-set.ts';
import { formatIpv4Network, type Ipv4Network, isIpv4Fault, parseIpv4Network } from '../../src/net/ipv4.ts';

interface Block {
  readonly first: bigint;
  readonly last: bigint;
}

const bits = 32n;
/** Where arithmetic of 32 bits goes wrong, and a place in the middle. */
const corners = [0n, 0x0a000000n, 0x7fffff00n, 0x80000000n, 0xffffff00n];
const address = fc.oneof(
  fc.tuple(fc.constantFrom(...corners), fc.bigInt(0n, 255n)).map(([base, offset]) => base + offset),
  fc.bigInt(0n, 2n ** bits - 1n),
);
const prefix = fc.oneof(fc.bigInt(24n, 32n), fc.bigInt(0n, 32n));
const text = fc.tuple(address, prefix).map(([near, length]) => {
  const size = 2n ** (bits - length);
  const first = near - (near % size);
  const octets = [24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n);
  return `${octets.join('.')}/${length}`;
});
const texts = fc.array(text, { maxLength: 30 });

function parsed(network: string): Ipv4Network {
  const result = parseIpv4Network(network);
  assert.ok(!isIpv4Fault(result), network);
  return result;
}

/** Another reading of the same text. */
function blockOf(network: string): Block {
  const [octets = '', length = ''] = network.split('/');
  const first = octets.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  return { first, last: first + (1n << (bits - BigInt(length))) - 1n };
}

/** Walks from the first address to the last, from one block to any that goes further. */
function covers(blocks: readonly Block[], asked: Block): boolean {
  let next = asked.first;
  while (next <= asked.last) {
    const here = blocks.filter(({ first, last }) => first <= next && next <= last);
    if (here.length === 0) return false;
    next = here.reduce((most, { last }) => (last > most ? last : most), next) + 1n;
  }
  return true;
}

test('a network is read and written as it stands', () => {
  fc.assert(
    fc.property(text, (network) => {
      const { first, last } = parsed(network);
      assert.deepEqual({ first: BigInt(first), last: BigInt(last) }, blockOf(network));
      assert.equal(formatIpv4Network(parsed(network)), network);
    }),
  );
});

test('a set contains and overlaps what its networks do together', () => {
  fc.assert(
    fc.property(texts, fc.array(text, { minLength: 1, maxLength: 20 }), (members, questions) => {
      const set = new CidrSet(rangesOf(members.map(parsed)));
      const blocks = members.map(blockOf);
      for (const question of [...questions, ...members]) {
        const asked = blockOf(question);
        assert.equal(set.contains(parsed(question)), covers(blocks, asked), `contains ${question}`);
        const meets = blocks.some(({ first, last }) => first <= asked.last && asked.first <= last);
        assert.equal(set.overlaps(parsed(question)), meets, `overlaps ${question}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('a set includes another when it covers each of its networks', () => {
  fc.assert(
    fc.property(texts, fc.array(text, { maxLength: 4 }), (members, others) => {
      const blocks = members.map(blockOf);
      const all = others.every((other) => covers(blocks, blockOf(other)));
      assert.equal(
        new CidrSet(rangesOf(members.map(parsed))).includes(new CidrSet(rangesOf(others.map(parsed)))),
        all,
      );
      assert.ok(
        new CidrSet(rangesOf([...members, ...others].map(parsed))).includes(
          new CidrSet(rangesOf(others.map(parsed))),
        ),
      );
    }),
  );
});

test('ranges ascend, do not touch, cover the networks and nothing else, in whatever order those come', () => {
  fc.assert(
    fc.property(texts, (members) => {
      const { firsts, lasts } = rangesOf(members.map(parsed));
      const ranges = [...firsts].map((first, index) => ({
        first: BigInt(first),
        last: BigInt(lasts[index] as number),
      }));
      assert.equal(firsts.length, lasts.length);
      for (const [index, { first, last }] of ranges.entries()) {
        assert.ok(first <= last);
        const before = ranges[index - 1];
        if (before !== undefined) assert.ok(before.last + 1n < first);
        assert.ok(covers(members.map(blockOf), { first, last }));
      }
      for (const member of members) assert.ok(covers(ranges, blockOf(member)));
      assert.deepEqual(rangesOf(members.toReversed().map(parsed)), { firsts, lasts });
    }),
  );
});

test('a builder counts what it was given, and can go on after it has built', () => {
  fc.assert(
    fc.property(texts, texts, (some, more) => {
      const builder = new RangesBuilder();
      for (const member of some) builder.add(parsed(member));
      assert.deepEqual(builder.build(), rangesOf(some.map(parsed)));
      for (const member of more) builder.add(parsed(member));
      assert.equal(builder.count, some.length + more.length);
      assert.deepEqual(builder.build(), rangesOf([...some, ...more].map(parsed)));
    }),
  );
});
