// parseIpv4Network against a reader that works on strings of bits: the same texts are networks, with the same bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpv4Network, isIpv4Fault, networkOf, parseIpv4Network } from '../../src/net/ipv4.ts';
import { bitsOf, firstAddress, lastAddress, textOf } from './bits.ts';
import { anyText, bits } from './networks.ts';

test('exactly the texts that are networks are read, with the bounds that they have', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const expected = bitsOf(text);
      const network = parseIpv4Network(text);
      if (expected === undefined) {
        assert.ok(isIpv4Fault(network), text);
        assert.ok(network.fault.length > 0);
        return;
      }
      assert.deepEqual(network, {
        first: firstAddress(expected),
        last: lastAddress(expected),
        prefix: expected.length,
      });
    }),
    { numRuns: 2000 },
  );
});

test('a network is written as the one text that it was read from', () => {
  fc.assert(
    fc.property(bits, (fixed) => {
      const network = parseIpv4Network(textOf(fixed));
      assert.ok(!isIpv4Fault(network));
      assert.equal(formatIpv4Network(network), textOf(fixed));
    }),
    { numRuns: 1000 },
  );
});

test('the network around any address has that address in it, and the fix that a fault names is a network', () => {
  const address = fc.nat({ max: 0xffffffff });
  fc.assert(
    fc.property(address, fc.nat({ max: 32 }), (number, prefix) => {
      const network = networkOf(number, prefix);
      assert.ok(network.first <= number && number <= network.last);
      assert.equal(network.last - network.first + 1, 2 ** (32 - prefix));
      const spelled = formatIpv4Network({ ...network, first: number });
      const parsed = parseIpv4Network(spelled);
      if (isIpv4Fault(parsed)) assert.ok(parsed.fault.endsWith(formatIpv4Network(network)), parsed.fault);
      else assert.equal(parsed.first, number);
    }),
    { numRuns: 1000 },
  );
});
