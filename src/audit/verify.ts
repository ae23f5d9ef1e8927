// Checks audit logs: that no record was changed, removed, put in or moved, that signatures hold, and that every intent has
// its end. Streams; believes nothing that stands in a record.
import { type Break, begins, findBreaks } from './breaks.ts';
import { beforeFirst, type Head, hashOfLine } from './chain.ts';
import { linkOf } from './found-record.ts';
import { type OpenIntent, OpenIntents } from './open-intents.ts';
import { readRecords } from './read-records.ts';
import { Segments } from './segments.ts';
import { Signatures, type SignedExtent } from './signatures.ts';
import type { CheckpointKey } from './signing-key.ts';

export interface VerifyOptions {
  /** The record that the first file goes on from; a log begins with record 1 otherwise. */
  readonly after?: Head | undefined;
  /** With keys, checkpoints must be signed by one of them. */
  readonly keys?: readonly CheckpointKey[] | undefined;
  readonly onRead: (bytes: number) => void;
}

export interface Verification {
  readonly records: number;
  /** Chains that begin in these files: one for AUDIT_FILE, one for each run on standard output. */
  readonly chains: number;
  /** The last record; what later files must go on from. */
  readonly last: Head | undefined;
  readonly breaks: readonly Break[];
  readonly openIntents: readonly OpenIntent[];
  /** Only with keys. */
  readonly signed: SignedExtent | undefined;
}

/** Rejects when a file cannot be read to its end. */
export async function verifyLogs(files: readonly string[], options: VerifyOptions): Promise<Verification> {
  const { after = beforeFirst, keys, onRead } = options;
  const segments = new Segments();
  const intents = new OpenIntents();
  const signatures = keys === undefined ? undefined : new Signatures(segments, keys);
  let index = 0;
  for await (const at of readRecords(files, onRead)) {
    index += 1;
    const { file, line, bytes, record } = at;
    const link = linkOf(record) ?? { sequence: 0, previous: '' };
    const linked = { ...link, hash: hashOfLine(bytes), place: { file, line, index } };
    const segment = segments.take(linked);
    intents.take(at);
    if (segment !== undefined) await signatures?.take(record, linked, segment);
  }
  const last = segments.all.at(-1)?.last;
  return {
    records: index,
    chains: segments.all.filter((segment) => begins(segment, after)).length,
    last: last && { sequence: last.sequence, hash: last.hash },
    breaks: [...findBreaks(segments, after), ...(signatures?.breaks(after) ?? [])],
    openIntents: intents.all(),
    signed: signatures?.extent(),
  };
}
