// Reads a list of networks, one per line, from a file's bytes. A line that is exactly `a.b.c.d/p` is read without allocation.
// Other lines may be empty or have comments (`#`); anything else is a fault with its line number.
import { RangesBuilder } from './address-ranges.ts';
import { readCidrLine } from './cidr-line.ts';
import { formatIpv4Network, isIpv4Fault, networkOf, parseIpv4Network } from './ipv4.ts';
import type { NetworkList } from './network-list.ts';
import { maxNamed } from './network-list.ts';

/** Counts from 1. */
export interface CidrListFault {
  readonly line: number;
  readonly message: string;
}

/** Reading stops after this many faults. */
const maxFaults = 50;
const newline = 0x0a;

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
