// Reads a list of networks, one per line, from a file's bytes. A line that is exactly `a.b.c.d/p` is read without allocation.
// Other lines may be empty or have comments (`#`); anything else is a fault with its line number.
import { RangesBuilder } from './address-ranges.ts';
import { formatIpv4Network, isIpv4Fault, networkOf, parseIpv4Network } from './ipv4.ts';
import { maxNamed, type NetworkList } from './network-list.ts';

/** Counts from 1. */
export interface CidrListFault {
  readonly line: number;
  readonly message: string;
}

/** Reading stops after this many faults. */
const maxFaults = 50;
const newline = 0x0a;
const zero = 0x30;
const dot = 0x2e;
const slash = 0x2f;
/** After each number of an address. */
const separators = [dot, dot, dot, slash];

export function readCidrList(bytes: Uint8Array): { list: NetworkList; faults: readonly CidrListFault[] } {
  const builder = new RangesBuilder();
  const named: string[] = [];
  const faults: CidrListFault[] = [];
  let line = 0;
  let start = 0;
  while (start < bytes.length && faults.length < maxFaults) {
    line += 1;
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    const key = readCidrLine(bytes, start, end);
    const network =
      key < 0 ? readOtherLine(bytes, start, end) : { first: Math.floor(key / 64), prefix: key % 64 };
    if (network !== undefined && 'fault' in network) faults.push({ line, message: network.fault });
    else if (network !== undefined) {
      builder.add(network);
      if (named.length < maxNamed) named.push(formatIpv4Network(networkOf(network.first, network.prefix)));
    }
    start = end + 1;
  }
  return { list: { ranges: builder.build(), count: builder.count, named }, faults };
}

function readOtherLine(bytes: Uint8Array, start: number, end: number) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString('utf8')
    .replace(/#.*/s, '')
    .trim();
  if (text === '') return undefined;
  const network = parseIpv4Network(text);
  return isIpv4Fault(network) ? { fault: network.fault } : network;
}

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
