// Parses IPv4 networks. Accepts only the canonical form (four decimal octets without leading zeros, a prefix length, no host bits
// set) and reports why anything else is refused.

/** An IPv4 network: an address as an unsigned 32-bit number, and a prefix length 0–32 (RFC 4632). */
export interface Ipv4Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Why a text is not a network, as a message for its author. */
interface Ipv4Fault {
  readonly fault: string;
}

const shape = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Parses `a.b.c.d/p`. Never throws. */
export function parseIpv4Network(text: unknown): Ipv4Network | Ipv4Fault {
  // `exec` converts its argument to a string: ["10.0.0.0/8"] would pass as a network.
  const parts = typeof text === 'string' ? shape.exec(text) : null;
  if (parts === null) return { fault: 'must be an IPv4 network such as 10.20.0.0/16' };
  let address = 0;
  for (let index = 1; index <= 4; index += 1) {
    const digits = parts[index] as string;
    const octet = numberUpTo(255, digits);
    if (octet === undefined) return { fault: faultOf('an octet', 255, digits) };
    address = address * 256 + octet;
  }
  const digits = parts[5] as string;
  const prefix = numberUpTo(32, digits);
  if (prefix === undefined) return { fault: faultOf('a prefix length', 32, digits) };
  const network = networkOf(address, prefix);
  if (network.first === address) return network;
  return { fault: `has host bits set: the /${prefix} network here is ${formatIpv4Network(network)}` };
}

/** A decimal number without leading zeros. */
function numberUpTo(max: number, digits: string): number | undefined {
  const value = Number(digits);
  return value > max || (digits.length > 1 && digits.startsWith('0')) ? undefined : value;
}

const faultOf = (what: string, max: number, digits: string): string =>
  digits.length > 1 && digits.startsWith('0')
    ? `has ${what} with a leading zero: ${digits}`
    : `has ${what} over ${max}: ${digits}`;

/** The network of `prefix` bits that holds `address`. */
export function networkOf(address: number, prefix: number): Ipv4Network {
  const hostMask = prefix === 32 ? 0 : 0xffffffff >>> prefix;
  const first = (address & ~hostMask) >>> 0;
  return { first, last: (first | hostMask) >>> 0, prefix };
}

export const isIpv4Fault = (value: Ipv4Network | Ipv4Fault): value is Ipv4Fault => 'fault' in value;

/** `undefined` for anything but a network in the canonical form. */
export function networkIn(text: unknown): Ipv4Network | undefined {
  const network = parseIpv4Network(text);
  return isIpv4Fault(network) ? undefined : network;
}

/** `a.b.c.d/p`. */
export function formatIpv4Network({ first, prefix }: Ipv4Network): string {
  return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/${prefix}`;
}

/**
 * A block as the upstream lists it. Its pattern only counts digits, so that it may have host bits set, which AWS ignores, or be
 * no network at all, which AWS can peer with nothing: then `undefined`.
 */
export function listedNetwork(text: string): Ipv4Network | undefined | 'malformed' {
  const numbers = shape.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) return 'malformed';
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = numbers;
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  return networkOf(((a * 256 + b) * 256 + c) * 256 + d, prefix);
}

/** The same; `undefined` also without a block, and for one of another form. */
export function listedBlock(text: string | undefined): Ipv4Network | undefined {
  const network = text === undefined ? undefined : listedNetwork(text);
  return network === 'malformed' ? undefined : network;
}

export const overlap = (one: Ipv4Network, other: Ipv4Network): boolean =>
  one.first <= other.last && other.first <= one.last;
