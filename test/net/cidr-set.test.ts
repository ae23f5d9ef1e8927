// A set of addresses beside single networks, and beside other sets: inside as a whole, or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangesOf } from '../../src/net/address-ranges.ts';
import { CidrSet } from '../../src/net/cidr-set.ts';
import { type Ipv4Network, parseIpv4Network } from '../../src/net/ipv4.ts';

const network = (text: string) => parseIpv4Network(text) as Ipv4Network;
const setOf = (...texts: string[]) => new CidrSet(rangesOf(texts.map(network)));

test('a network is in a set as a whole, in a part, or not at all', () => {
  const set = setOf('10.0.1.0/24', '10.0.3.0/24', '10.0.4.0/24');
  const cases: readonly (readonly [text: string, contained: boolean, overlapping: boolean])[] = [
    ['10.0.1.0/24', true, true],
    ['10.0.1.0/32', true, true],
    ['10.0.1.255/32', true, true],
    ['10.0.4.128/25', true, true],
    ['10.0.0.0/23', false, true],
    ['10.0.2.0/23', false, true],
    ['10.0.0.0/8', false, true],
    ['10.0.0.0/24', false, false],
    ['10.0.2.0/24', false, false],
    ['10.0.5.0/32', false, false],
    ['255.255.255.255/32', false, false],
    ['0.0.0.0/32', false, false],
  ];
  for (const [text, contained, overlapping] of cases) {
    assert.equal(set.contains(network(text)), contained, text);
    assert.equal(set.overlaps(network(text)), overlapping, text);
  }
  assert.ok(!setOf().contains(network('0.0.0.0/32')) && !setOf().overlaps(network('0.0.0.0/0')));
});

test('a set includes another if every range of that one is inside of it', () => {
  const set = setOf('10.0.0.0/8', '172.16.0.0/12');
  for (const inside of [setOf(), setOf('10.1.0.0/16'), setOf('10.0.0.0/8', '172.16.0.0/24'), set])
    assert.ok(set.includes(inside));
  for (const outside of [setOf('11.0.0.0/8'), setOf('10.1.0.0/16', '192.168.0.0/16'), setOf('10.0.0.0/7')])
    assert.ok(!set.includes(outside));
  assert.ok(!setOf().includes(set));
});
