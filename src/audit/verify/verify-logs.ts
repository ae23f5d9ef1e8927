// Checks audit logs: that no record was changed, removed, put in or moved, that signatures hold, and that every intent has
// its end. Streams; believes nothing that stands in a record.

import { beforeFirst, type Head } from '../log/chain.ts';
import type { CheckpointKey } from '../log/signing-key.ts';
import { readRecords } from '../record/read-records.ts';
import { type Break, toBreaks } from './breaks.ts';
import { findBreaks } from './find-breaks.ts';
import { linkedRecord } from './linked-record.ts';
import { type OpenIntent, OpenIntents } from './open-intents.ts';
import { begins, Segments } from './segments.ts';
import { Signatures, type SignedExtent } from './signatures.ts';

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
  const signatures = keys === undefined ? undefined : new Signatures(keys, after);
  const segments = new Segments(after, (front, back) => signatures?.join(front, back));
  const intents = new OpenIntents();
  let index = 0;
  for await (const at of readRecords(files, onRead)) {
    index += 1;
    const linked = linkedRecord(at, index);
    const segment = segments.take(linked);
    // The copy of an intent opens nothing.
    if (segment === 'copy') continue;
    intents.take(at);
    if (segment !== undefined) await signatures?.take(at.record, linked, segment, segments);
  }
  const { drafts, followed } = findBreaks(segments, after);
  const unproved = signatures?.findBreaks(followed) ?? [];
  return {
    records: index,
    chains: segments.all.filter((segment) => begins(segment, after)).length,
    last: lastOf(segments),
    breaks: toBreaks([...drafts, ...unproved]),
    openIntents: intents.all(),
    signed: signatures?.extent(),
  };
}

function lastOf({ all }: Segments): Head | undefined {
  let last = all[0]?.last;
  for (const segment of all) if (segment.last.place.index > (last?.place.index ?? 0)) last = segment.last;
  return last && { sequence: last.sequence, hash: last.hash };
}
