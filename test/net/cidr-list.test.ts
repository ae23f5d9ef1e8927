// A list file: what it says about a bad line, how many of them, and which networks it names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangesOf } from '../../src/net/address-ranges.ts';
import { readCidrList } from '../../src/net/cidr-list.ts';
import { networkOf } from '../../src/net/ipv4.ts';
import { networkListOf } from '../../src/net/network-list.ts';

const read = (text: string) => readCidrList(Buffer.from(text));

test('comments and empty lines count as lines, and a bad one is named by its number', () => {
  const { list, faults } = read('# a\n\n10.0.0.0/8 # b\n  # 10.1.0.0/16\n10.0.0.0/33\n11.0.0.0/8');
  assert.deepEqual(faults, [{ line: 5, message: 'has a prefix length over 32: 33' }]);
  assert.deepEqual([list.count, list.named], [2, ['10.0.0.0/8', '11.0.0.0/8']]);
});

test('a comment goes to the end of its line, whatever is in it', () => {
  const { list, faults } = read('10.0.0.0/8 # a # b \u2028 c \r\n#\r\n');
  assert.deepEqual([list.named, faults], [['10.0.0.0/8'], []]);
});

test('of many bad lines fifty are named, and no line after them is read', () => {
  const { list, faults } = read(`${'x\n'.repeat(50)}10.0.0.0/8\n`);
  assert.deepEqual([faults.length, faults.at(-1)?.line, list.count], [50, 50, 0]);
  const fewer = read(`${'x\n'.repeat(49)}10.0.0.0/8\n`);
  assert.deepEqual([fewer.faults.length, fewer.list.count], [49, 1]);
});

test('twenty networks are named, and all of them are counted and merged', () => {
  const texts = Array.from({ length: 25 }, (_, index) => `10.${index}.0.0/16`);
  const { list } = read(texts.join('\n'));
  assert.deepEqual([list.count, list.named], [25, texts.slice(0, 20)]);
  assert.deepEqual(
    list.ranges,
    rangesOf(Array.from({ length: 25 }, (_, index) => networkOf(0x0a000000 + (index << 16), 16))),
  );
  assert.deepEqual(
    networkListOf(Array.from({ length: 25 }, (_, index) => networkOf(0x0a000000 + (index << 16), 16))),
    list,
  );
});

test('networks that touch become one range, and those that do not stay apart, at both ends of the address space', () => {
  const assertRanges = (text: string, ...ranges: readonly (readonly [first: number, last: number])[]) => {
    const firsts = Uint32Array.from(ranges, ([first]) => first);
    const lasts = Uint32Array.from(ranges, ([, last]) => last);
    assert.deepEqual(read(text).list.ranges, { firsts, lasts }, text);
  };
  assertRanges('10.0.1.0/24\n10.0.0.0/24', [0x0a000000, 0x0a0001ff]);
  assertRanges('10.0.0.0/24\n10.0.2.0/24', [0x0a000000, 0x0a0000ff], [0x0a000200, 0x0a0002ff]);
  assertRanges('10.0.0.0/8\n10.1.0.0/16\n10.2.0.0/16', [0x0a000000, 0x0affffff]);
  assertRanges('0.0.0.0/32\n255.255.255.255/32\n0.0.0.2/32', [0, 0], [2, 2], [0xffffffff, 0xffffffff]);
  assertRanges('0.0.0.0/32', [0, 0]);
  assertRanges('0.0.0.1/32', [1, 1]);
  assertRanges('0.0.0.0/0\n255.255.255.255/32', [0, 0xffffffff]);
  assertRanges('');
});

test('however many networks there are, each has its range, and is counted', () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const { list } = read(numbers.map((number) => `10.0.${number}.128/25`).join('\n'));
  assert.equal(list.count, 200);
  assert.deepEqual(
    [...list.ranges.firsts],
    numbers.map((number) => 0x0a000080 + number * 256),
  );
});
