// Reads what a gateway wrote to its audit log as an auditor would, with no code of the gateway: the records that would survive a
// loss of power at this moment, and each as it becomes durable.
import type { FileContent } from './file-content.ts';

export interface AuditRecord {
  readonly code: string;
  /** `X-Request-Id` and the gateway's id of the request; empty for records of other things. */
  readonly requestId: string;
  readonly gatewayRequestId: string;
  readonly statusId: number;
  readonly statusCode: string;
  readonly sequence: number;
  readonly chain: string;
  readonly time: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly unmapped: Readonly<Record<string, unknown>>;
  readonly policyVersion: string | undefined;
  readonly text: string;
}

interface Line {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly record: AuditRecord;
}

export class AuditReader {
  /** By the inode of the file. */
  readonly #files = new Map<number, { readonly content: FileContent; lines: Line[] }>();
  readonly #printed: AuditRecord[] = [];
  readonly #onRecord: (record: AuditRecord) => void;

  constructor(onRecord: (record: AuditRecord) => void) {
    this.#onRecord = onRecord;
  }

  /** Bytes of an audit file became durable. */
  synced(content: FileContent): void {
    const known = this.#files.get(content.inode) ?? { content, lines: [] };
    this.#files.set(content.inode, known);
    const { durableBytes } = content;
    while (known.lines.length > 0 && !isThere(known.lines.at(-1) as Line, durableBytes)) known.lines.pop();
    const last = known.lines.at(-1);
    let offset = last === undefined ? 0 : last.offset + last.bytes.length + 1;
    for (let end = durableBytes.indexOf(0x0a, offset); end >= 0; end = durableBytes.indexOf(0x0a, offset)) {
      const bytes = Buffer.from(durableBytes.subarray(offset, end));
      const record = recordIn(bytes.toString());
      if (record !== undefined) {
        known.lines.push({ offset, bytes, record });
        this.#onRecord(record);
      }
      offset = end + 1;
    }
  }

  /** A line went out on standard output. */
  printed(line: string): void {
    const record = recordIn(line);
    if (record === undefined) return;
    this.#printed.push(record);
    this.#onRecord(record);
  }

  /** Those that a loss of power would leave. */
  records(): AuditRecord[] {
    return [
      ...[...this.#files.values()].flatMap(({ content, lines }) =>
        lines.filter((line) => isThere(line, content.durableBytes)).map(({ record }) => record),
      ),
      ...this.#printed,
    ];
  }
}

const isThere = ({ offset, bytes }: Line, durable: Buffer): boolean =>
  durable.length > offset + bytes.length && durable.subarray(offset, offset + bytes.length).equals(bytes);

type Json = Readonly<Record<string, unknown>>;

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Json)[name] : undefined;

const objectIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};

function recordIn(text: string): AuditRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const metadata = member(json, 'metadata');
  const request = member(member(json, 'api'), 'request');
  const attestations = member(json, 'attestation_list');
  // A log line.
  if (!Array.isArray(attestations)) return undefined;
  return {
    code: String(member(metadata, 'event_code')),
    requestId: String(member(member(json, 'http_request'), 'uid') ?? ''),
    gatewayRequestId: String(member(request, 'uid') ?? ''),
    statusId: Number(member(json, 'status_id')),
    statusCode: String(member(json, 'status_code') ?? ''),
    sequence: Number(member(metadata, 'sequence')),
    chain: String(member(attestations[0], 'chain_uid')),
    time: Number(member(json, 'time')),
    data: objectIn(member(request, 'data')),
    unmapped: objectIn(member(json, 'unmapped')),
    policyVersion: member(member(json, 'policy'), 'version') as string | undefined,
    text,
  };
}
