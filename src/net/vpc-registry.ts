// Which VPCs exist, with their account, region and blocks: read from CSV (RFC 4180), and found again in time that hardly grows
// with the number of VPCs. The rows are kept as sorted bytes, so that they pass between threads without holding one up.
import { rangesOf } from './address-ranges.ts';
import { accountIdPattern, regionPattern, vpcIdPattern } from './aws.ts';
import type { CidrListFault } from './cidr-list.ts';
import { CidrSet } from './cidr-set.ts';
import { type Ipv4Network, parseIpv4Network } from './ipv4.ts';

/** Plain data: rows `vpcId,accountId,region,cidr;…`, sorted, and where each begins. */
export interface VpcTable {
  readonly rows: Uint8Array;
  readonly offsets: Uint32Array;
}

export interface RegisteredVpc {
  readonly accountId: string;
  readonly region: string;
  readonly blocks: readonly Ipv4Network[];
  /** The addresses of all blocks together. */
  readonly addresses: CidrSet;
}

const maxFaults = 50;
const maxVpcs = 1_000_000;
/** AWS allows 5 by default, and 50 at most. */
const maxBlocks = 50;

/** Lines may end with CRLF; empty ones and those that begin with # are passed over, and so is a header. */
export function readVpcTable(bytes: Uint8Array): { table: VpcTable; faults: readonly CidrListFault[] } {
  const lines = new Map<string, number>();
  const rows: string[] = [];
  const faults: CidrListFault[] = [];
  let isFirst = true;
  for (const [index, text] of Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (text === '' || text.startsWith('#')) continue;
    const fields = text.split(',').map(unquoted);
    const isHeader = isFirst && fields[0]?.toLowerCase() === 'vpcid';
    isFirst = false;
    if (isHeader) continue;
    const fault = faultIn(fields) ?? duplicate(lines, fields[0] ?? '', index + 1);
    if (fault === undefined) rows.push(`${fields.join(',')}\n`);
    else faults.push({ line: index + 1, message: fault });
    if (faults.length >= maxFaults || rows.length > maxVpcs) break;
  }
  if (rows.length > maxVpcs) faults.push({ line: 1, message: `has more than ${maxVpcs} VPCs` });
  return { table: tableOf(rows), faults };
}

/** RFC 4180 section 2: a field may stand in quotation marks. No value here has one inside. */
const unquoted = (field: string): string => /^"([^"]*)"$/.exec(field)?.[1] ?? field;

function faultIn(fields: readonly string[]): string | undefined {
  const [vpcId = '', accountId = '', region = '', cidrs = ''] = fields;
  if (fields.length !== 4) return 'must have four fields: vpcId,accountId,region,cidr[;cidr…]';
  if (!vpcIdPattern.test(vpcId)) return 'must begin with a VPC id such as vpc-0123456789abcdef0';
  if (!accountIdPattern.test(accountId)) return 'must have an AWS account, 12 digits, as its second field';
  if (!regionPattern.test(region)) return 'must have an AWS region such as us-east-1 as its third field';
  const blocks = cidrs.split(';');
  if (blocks.length > maxBlocks) return `must have at most ${maxBlocks} blocks`;
  const faults = blocks.map(parseIpv4Network).filter((network) => 'fault' in network);
  return faults[0] && `must have IPv4 networks as its fourth field: one ${faults[0].fault}`;
}

function duplicate(lines: Map<string, number>, vpcId: string, line: number): string | undefined {
  const first = lines.get(vpcId);
  if (first !== undefined) return `names ${vpcId} again, which stands in line ${first}`;
  lines.set(vpcId, line);
  return undefined;
}

function tableOf(rows: string[]): VpcTable {
  rows.sort();
  const offsets = new Uint32Array(rows.length);
  let at = 0;
  // A row is ASCII: its length is that of its bytes.
  for (const [index, row] of rows.entries()) {
    offsets[index] = at;
    at += row.length;
  }
  return { rows: new Uint8Array(Buffer.from(rows.join(''), 'latin1')), offsets };
}

export class VpcRegistry {
  readonly #rows: Buffer;
  readonly #offsets: Uint32Array;

  constructor({ rows, offsets }: VpcTable) {
    this.#rows = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
    this.#offsets = offsets;
  }

  find(vpcId: string): RegisteredVpc | undefined {
    const wanted = Buffer.from(`${vpcId},`);
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(wanted, middle) > 0) low = middle + 1;
      else high = middle;
    }
    return low < this.#offsets.length && this.#compare(wanted, low) === 0 ? this.#read(low) : undefined;
  }

  #compare(wanted: Buffer, row: number): number {
    const start = this.#offsets[row] as number;
    return wanted.compare(this.#rows, start, Math.min(start + wanted.length, this.#rows.length));
  }

  #read(row: number): RegisteredVpc {
    const start = this.#offsets[row] as number;
    const end = this.#offsets[row + 1] ?? this.#rows.length;
    const [, accountId = '', region = '', cidrs = ''] = this.#rows
      .toString('latin1', start, end - 1)
      .split(',');
    const blocks = cidrs.split(';').map(parseIpv4Network) as Ipv4Network[];
    return { accountId, region, blocks, addresses: new CidrSet(rangesOf(blocks)) };
  }
}
