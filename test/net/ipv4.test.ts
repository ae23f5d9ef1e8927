// Why a text is no network, in words for its author; and the blocks that the upstream lists, which need not be networks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listedNetwork, networkOf, overlap, parseIpv4Network } from '../../src/net/ipv4.ts';

const faults: Readonly<Record<string, string>> = {
  '10.0.0.0': 'must be an IPv4 network such as 10.20.0.0/16',
  '10.0.0.0/8 ': 'must be an IPv4 network such as 10.20.0.0/16',
  'x10.0.0.0/8': 'must be an IPv4 network such as 10.20.0.0/16',
  '10.0.0.0/123': 'must be an IPv4 network such as 10.20.0.0/16',
  '256.0.0.0/8': 'has an octet over 255: 256',
  '10.0.0.999/32': 'has an octet over 255: 999',
  '010.0.0.0/8': 'has an octet with a leading zero: 010',
  '00.0.0.0/8': 'has an octet with a leading zero: 00',
  '10.0.0.0/33': 'has a prefix length over 32: 33',
  '10.0.0.0/08': 'has a prefix length with a leading zero: 08',
  '10.0.0.1/8': 'has host bits set: the /8 network here is 10.0.0.0/8',
  '255.255.255.255/0': 'has host bits set: the /0 network here is 0.0.0.0/0',
};

test('a text that is no network is refused with what is wrong with it', () => {
  for (const [text, fault] of Object.entries(faults))
    assert.deepEqual(parseIpv4Network(text), { fault }, text);
  for (const value of [undefined, null, 7, ['10.0.0.0/8'], { toString: () => '10.0.0.0/8' }])
    assert.deepEqual(parseIpv4Network(value), { fault: faults['10.0.0.0'] });
});

test('the bounds of octet and prefix length are inside', () => {
  const all = { first: 0, last: 0xffffffff, prefix: 0 };
  assert.deepEqual(parseIpv4Network('0.0.0.0/0'), all);
  assert.deepEqual(parseIpv4Network('255.255.255.255/32'), {
    first: 0xffffffff,
    last: 0xffffffff,
    prefix: 32,
  });
});

test('a listed block counts as its network, host bits or not; without one it overlaps nothing', () => {
  assert.deepEqual(listedNetwork('10.20.30.40/16'), networkOf(0x0a140000, 16));
  assert.deepEqual(listedNetwork('1.2.3.4/32'), networkOf(0x01020304, 32));
  assert.deepEqual(listedNetwork('255.255.255.255/0'), networkOf(0, 0));
  assert.deepEqual(listedNetwork('010.0.0.0/08'), networkOf(0x0a000000, 8));
  for (const text of ['256.0.0.0/8', '0.256.0.0/8', '0.0.256.0/8', '0.0.0.256/8', '10.0.0.0/33'])
    assert.equal(listedNetwork(text), undefined, text);
  for (const text of [
    '',
    '10.0.0.0',
    'x10.0.0.0/8',
    '10.0.0.0/8x',
    '1000.0.0.0/8',
    '10.0.0/8',
    '10.0.0.0/123',
    '10.0.0.0/',
    'a.0.0.0/8',
  ])
    assert.equal(listedNetwork(text), 'malformed', text);
});

test('two networks overlap if they share an address, at either end and one inside the other', () => {
  const [low, middle, high] = [
    networkOf(0x0a000000, 25),
    networkOf(0x0a000080, 25),
    networkOf(0x0a000100, 24),
  ];
  const both = networkOf(0x0a000000, 24);
  for (const one of [low, middle, both]) {
    assert.ok(overlap(one, both) && overlap(both, one) && overlap(one, one));
    assert.ok(!overlap(one, high) && !overlap(high, one));
  }
  const [single, next] = [networkOf(0x0a00007f, 32), networkOf(0x0a000080, 32)];
  for (const one of [single, low, both]) assert.ok(overlap(one, single) && overlap(single, one));
  assert.ok(!overlap(single, next) && !overlap(next, single));
  assert.ok(!overlap(low, middle) && !overlap(middle, low));
});
