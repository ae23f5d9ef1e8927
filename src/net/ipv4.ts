// IPv4 networks as the gateway understands them. Accepts exactly one spelling of each network (four decimal octets
// without leading zeros, a prefix, no host bits set) and refuses everything else with the reason.

/** An IPv4 network: an address as an unsigned 32-bit number, and a prefix length 0–32 (RFC 4632). */
export interface Ipv4Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** What is wrong with a text that should have been a network, in words for its author. */
export interface Ipv4Fault {
  readonly fault: string;
}

const shape = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Reads `a.b.c.d/p`. Never throws; a text that is not exactly that gives the fault and, where there is one, the fix. */
export function parseIpv4Network(text: string): Ipv4Network | Ipv4Fault {
  const parts = shape.exec(text);
  if (parts === null) return { fault: 'must be an IPv4 network such as 10.20.0.0/16' };
  const numbers = parts.slice(1).map(Number);
  for (const [index, value] of numbers.entries()) {
    const digits = parts[index + 1] as string;
    const what = index === 4 ? 'prefix length' : 'octet';
    if (digits.length > 1 && digits.startsWith('0'))
      return { fault: `has a ${what} with a leading zero: ${digits}` };
    const most = index === 4 ? 32 : 255;
    if (value > most) return { fault: `has a ${what} over ${most}: ${digits}` };
  }
  const [a, b, c, d, prefix] = numbers as [number, number, number, number, number];
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const network = networkOf(address, prefix);
  if (network.first !== address) {
    return { fault: `has host bits set: the /${prefix} network here is ${formatIpv4Network(network)}` };
  }
  return network;
}

/** The network of `prefix` bits that holds `address`. */
export function networkOf(address: number, prefix: number): Ipv4Network {
  const hostMask = prefix === 0 ? 0xffffffff : prefix === 32 ? 0 : 0xffffffff >>> prefix;
  const first = (address & ~hostMask) >>> 0;
  return { first, last: (first | hostMask) >>> 0, prefix };
}

export const isIpv4Fault = (value: Ipv4Network | Ipv4Fault): value is Ipv4Fault => 'fault' in value;

/** `a.b.c.d/p`, the one accepted spelling. */
export function formatIpv4Network({ first, prefix }: Ipv4Network): string {
  return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/${prefix}`;
}
