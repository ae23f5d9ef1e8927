// IPv4 blocks as numbers: what is no block is `undefined`, never a guess.

/** An address or a CIDR block as its first and last address, or `undefined`. */
export function readBlock(text) {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(
    typeof text === 'string' ? text.trim() : '',
  );
  if (match === null) return undefined;
  const [a, b, c, d, prefix = 32] = match
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

export const overlaps = (one, other) => one.first <= other.last && other.first <= one.last;
