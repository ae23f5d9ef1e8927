// IPv4 networks told in another way than the code tells them: as strings of ones and zeros. Slow, plain, and so different
// that a mistake in the one is not a mistake in the other.

/** The spellings that there are: no other text is an octet or a prefix length. */
const octets = new Map(Array.from({ length: 256 }, (_, value) => [`${value}`, value]));
const prefixes = new Map(Array.from({ length: 33 }, (_, value) => [`${value}`, value]));

/** The fixed bits of a network, 0 to 32 of them; `undefined` for a text that is no network. */
export function bitsOf(text: string): string | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const parts = address.split('.');
  const length = prefixes.get(prefix);
  const values = parts.map((part) => octets.get(part));
  if (rest.length > 0 || length === undefined || parts.length !== 4 || values.includes(undefined))
    return undefined;
  const all = values.map((value) => (value as number).toString(2).padStart(8, '0')).join('');
  return all.slice(length).includes('1') ? undefined : all.slice(0, length);
}

/** The one spelling of the network with these fixed bits. */
export function textOf(bits: string): string {
  const all = bits.padEnd(32, '0');
  const parts = [0, 8, 16, 24].map((at) => Number.parseInt(all.slice(at, at + 8), 2));
  return `${parts.join('.')}/${bits.length}`;
}

export const firstAddress = (bits: string): number => Number(BigInt(`0b${bits.padEnd(32, '0')}`));
export const lastAddress = (bits: string): number => Number(BigInt(`0b${bits.padEnd(32, '1')}`));

export const overlapsAny = (set: readonly string[], bits: string): boolean =>
  set.some((other) => other.startsWith(bits) || bits.startsWith(other));

/** In one network whole, or with both of its halves. */
export function isCovered(set: readonly string[], bits: string): boolean {
  if (set.some((other) => bits.startsWith(other))) return true;
  const within = set.filter((other) => other.startsWith(bits));
  return within.length > 0 && isCovered(within, `${bits}0`) && isCovered(within, `${bits}1`);
}
