// The reader of list files against the reader of single networks: they agree on every line, however near it comes to being
// a network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rangesOf } from '../../src/net/address-ranges.ts';
import { readCidrList } from '../../src/net/cidr-list.ts';
import { type Ipv4Network, isIpv4Fault, parseIpv4Network } from '../../src/net/ipv4.ts';

const octet = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('0', '1', '10', '128', '255') },
  fc.nat(255).map(String),
  fc.constantFrom(
    '00',
    '01',
    '010',
    '256',
    '300',
    '999',
    '1000',
    '',
    ' 1',
    '+1',
    '-1',
    '0x1',
    '1e1',
    '٣',
    '１',
  ),
);
const prefix = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('8', '16', '24', '32') },
  fc.nat(32).map(String),
  fc.constantFrom('0', '00', '08', '33', '99', '320', '', ' 8', '-1', '８'),
);
const dot = fc.oneof({ weight: 9, arbitrary: fc.constant('.') }, fc.constantFrom('', '..', ',', ' ', '/'));
const slash = fc.oneof(
  { weight: 9, arbitrary: fc.constant('/') },
  fc.constantFrom('', '//', '.', ' / ', '\\'),
);
const edge = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '\t', '\r', '\uFEFF', '\0', '#', ' # note', 'x', '\u00a0'),
);

const nearMiss = fc
  .tuple(edge, octet, dot, octet, dot, octet, dot, octet, slash, prefix, edge)
  .map((parts) => parts.join(''));
/** Networks of which every second has no host bits set. */
const network = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(32), fc.boolean())
  .map(([a, b, length, exact]) =>
    exact && length >= 16 ? `${a}.${b}.0.0/${length}` : `${a}.${b}.1.0/${length}`,
  );
const line = fc.oneof(nearMiss, network, fc.constantFrom('', '#', '# a 10.0.0.0/8', '  '), fc.string());
const oneLine = line.map((text) => text.replaceAll('\n', ' '));

/** What each line says, by the reader of single networks. */
function expected(lines: readonly string[]) {
  const networks: Ipv4Network[] = [];
  const faults: { line: number; message: string }[] = [];
  for (const [index, text] of lines.entries()) {
    const content = (text.split('#')[0] ?? '').trim();
    if (content === '') continue;
    const found = parseIpv4Network(content);
    if (isIpv4Fault(found)) faults.push({ line: index + 1, message: found.fault });
    else networks.push(found);
  }
  return { networks, faults };
}

function check(lines: readonly string[], separator: string): void {
  const { list, faults } = readCidrList(Buffer.from(lines.join(separator)));
  const wanted = expected(lines.map((text) => Buffer.from(text).toString()));
  assert.deepEqual(faults, wanted.faults);
  assert.equal(list.count, wanted.networks.length);
  assert.deepEqual(list.ranges, rangesOf(wanted.networks));
  assert.deepEqual(
    list.named.map((name) => parseIpv4Network(name)),
    wanted.networks.slice(0, 20),
  );
}

test('a line alone is read as the network that it is, or refused with the same words', () => {
  fc.assert(
    fc.property(oneLine, (text) => check([text], '\n')),
    { numRuns: 5000 },
  );
});

test('lines are counted and read alike with either kind of line end', () => {
  fc.assert(fc.property(fc.array(oneLine, { maxLength: 40 }), fc.constantFrom('\n', '\r\n'), check), {
    numRuns: 300,
  });
});

test('a single network is what four numbers, three dots, a slash and no host bits make, and nothing else', () => {
  const decimal = (text: string, most: number) => {
    const number = [...Array(most + 1).keys()].find((each) => String(each) === text);
    return number === undefined ? undefined : BigInt(number);
  };
  fc.assert(
    fc.property(nearMiss, (text) => {
      const [address, length, ...more] = text.split('/');
      const octets = (address ?? '').split('.').map((each) => decimal(each, 255));
      const size = decimal(length ?? '', 32);
      const number = octets.reduce<bigint | undefined>(
        (sum, each) => (sum === undefined || each === undefined ? undefined : sum * 256n + each),
        0n,
      );
      const isNetwork =
        more.length === 0 &&
        octets.length === 4 &&
        number !== undefined &&
        size !== undefined &&
        number % 2n ** (32n - size) === 0n;
      assert.equal(!isIpv4Fault(parseIpv4Network(text)), isNetwork, JSON.stringify(text));
    }),
    { numRuns: 3000 },
  );
});

test('any bytes at all give a list or faults', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { list, faults } = readCidrList(bytes);
      assert.ok(list.count >= 0);
      for (const { line: at, message } of faults) assert.ok(at > 0 && message.length > 0);
    }),
  );
});

test('a part of a larger buffer is read as itself', () => {
  const whole = Buffer.from('10.0.0.0/8\n 10.1.0.0/16 \n11.0.0.0/8');
  const { list, faults } = readCidrList(whole.subarray(11, 25));
  assert.deepEqual([list.named, faults], [['10.1.0.0/16'], []]);
});
