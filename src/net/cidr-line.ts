// Reads a line that is exactly `a.b.c.d/p`, without allocation. Anything else, also what only looks like it, is for others to
// read.

const zero = 0x30;
const dot = 0x2e;
const slash = 0x2f;
const separators = [dot, dot, dot, slash];

/** The address times 64 plus the prefix, or -1 for a line that is not exactly a network without host bits. */
export function readCidrLine(bytes: Uint8Array, start: number, end: number): number {
  let address = 0;
  let at = start;
  for (const separator of separators) {
    const number = readNumber(bytes, at, end);
    const next = at + lengthOf(number);
    if (number < 0 || number > 255 || bytes[next] !== separator) return -1;
    address = address * 256 + number;
    at = next + 1;
  }
  const prefix = readNumber(bytes, at, end);
  if (prefix < 0 || prefix > 32 || at + lengthOf(prefix) !== end) return -1;
  return address % 2 ** (32 - prefix) === 0 ? address * 64 + prefix : -1;
}

const lengthOf = (number: number): number => (number > 99 ? 3 : number > 9 ? 2 : 1);

/** A number of up to three digits without leading zeros, or -1. */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = -1;
  for (let at = start; at < end && at < start + 3; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9) break;
    if (value === 0) return -1;
    value = (value < 0 ? 0 : value * 10) + digit;
  }
  return value;
}
