// The fast reader of single lines: it reads every network in its one spelling, wherever it stands, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCidrLine } from '../../src/net/cidr-list.ts';
import { isIpv4Fault, parseIpv4Network } from '../../src/net/ipv4.ts';
import { anyText } from '../property/networks.ts';

const read = (text: string, before = '', after = '') => {
  const bytes = Buffer.from(before + text + after);
  return readCidrLine(bytes, before.length, bytes.length - Buffer.byteLength(after));
};

const networks: readonly (readonly [text: string, address: number, prefix: number])[] = [
  ['0.0.0.0/0', 0, 0],
  ['255.255.255.255/32', 0xffffffff, 32],
  ['1.2.3.4/32', 0x01020304, 32],
  ['10.0.0.0/8', 0x0a000000, 8],
  ['9.99.100.0/24', 0x09636400, 24],
  ['199.200.249.250/31', 0xc7c8f9fa, 31],
  ['128.0.0.0/1', 0x80000000, 1],
  ['10.20.30.40/29', 0x0a141e28, 29],
  ['100.10.9.0/30', 0x640a0900, 30],
];

test('a network is its address times 64 plus its prefix, whatever stands before and behind the line', () => {
  for (const [text, address, prefix] of networks)
    for (const [before, after] of [
      ['', ''],
      ['1', '2'],
      ['\n', '\n'],
      ['0.0.', '.0/8'],
    ] as const)
      assert.equal(read(text, before, after), address * 64 + prefix, before + text + after);
});

const others = `|/|.|0|1.2.3.4|1.2.3.4/|1.2.3/8|1.2.3.4.5/32|256.0.0.0/8|0.256.0.0/32|0.0.0.300/32|999.0.0.0/8|1000.0.0.0/8|
  01.0.0.0/8|00.0.0.0/8|1.02.0.0/16|1.2.3.4/032|10.0.0.0/08|10.0.0.0/33|10.0.0.0/99|10.0.0.0/320|10.0.0.0/-1|
  10.0.0.1/8|1.2.3.5/31|255.255.255.255/0|128.0.0.0/0|a.0.0.0/8|1a.0.0.0/8|10.0.0.0/a|10.0.0.0/8a|10.0.0.0/8 | 10.0.0.0/8|
  10,0.0.0/8|10.0.0/0/8|10.0.0.0.8|10..0.0/8|10.0.0.0//8|10:0.0.0/8|10.0.0.0/:|;0.0.0.0/8|.10.0.0.0/8|10.0.0.0/8.|10.0.0.0\\8`;

test('whatever is not exactly a network is left to others', () => {
  for (const text of others.split('|').map((each) => each.replace(/^\n {2}/, '')))
    assert.equal(read(text), -1, text);
  assert.equal(read('10.0.0.0', '', '/8'), -1);
  assert.equal(read('10.0.0.0/', '', '8'), -1);
  assert.equal(read('10.0.0', '', '.0/8'), -1);
  assert.equal(read('', '10.0.0.0/8', ''), -1);
});

test('it agrees with the reader of single networks on every text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const network = parseIpv4Network(text);
      assert.equal(read(text), isIpv4Fault(network) ? -1 : network.first * 64 + network.prefix);
    }),
    { numRuns: 2000 },
  );
});
