// Reads the end of an audit log backwards: its last record, and the bytes of a line that was never finished. Looks at no
// more than it takes to find them, and never at more than a bound.

import { headIn, type Link } from '../record/found-record.ts';
import type { Head } from './chain.ts';
import { type LogFiles, readAt } from './log-file-system.ts';

export interface Tail {
  /** Where the last whole line ends. */
  readonly end: number;
  /** The last record of the file. */
  readonly last: Head | undefined;
  /** Does the last record follow from the one before it? True when there is none before it within reach. */
  readonly linked: boolean;
}

const chunkBytes = 64 * 1024;
const mostBytes = 16 * 1024 * 1024;
const newline = 0x0a;

/** Rejects when the file cannot be read, or holds no record in its last 16 MiB. */
export async function readTail(files: LogFiles, fd: number, size: number): Promise<Tail> {
  for (let length = Math.min(chunkBytes, size); ; length = Math.min(length * 4, size)) {
    const bytes = await readAt(files, fd, size - length, length);
    const whole = length === size;
    const tail = tailIn(bytes, size - length, whole);
    const enough = whole || tail?.linked !== undefined || length >= mostBytes;
    if (enough && tail !== undefined) return { ...tail, linked: tail.linked ?? true };
    if (length >= mostBytes) throw new Error('the end of the audit file holds no audit record');
  }
}

/** `whole`: the bytes are all that there is. Otherwise `undefined` when they hold no record. */
function tailIn(
  bytes: Buffer,
  offset: number,
  whole: boolean,
): (Omit<Tail, 'linked'> & { readonly linked?: boolean }) | undefined {
  const lastNewline = bytes.lastIndexOf(newline);
  const end = lastNewline < 0 ? offset : offset + lastNewline + 1;
  let last: (Head & Link) | undefined;
  for (const line of linesBackwards(bytes.subarray(0, lastNewline + 1), whole)) {
    const head = headIn(line);
    if (head === undefined) continue;
    if (last !== undefined) return { end, last, linked: follows(last, head) };
    last = head;
  }
  return last !== undefined || whole ? { end, last } : undefined;
}

const follows = (later: Link, earlier: Head): boolean =>
  later.previous === earlier.hash && later.sequence === earlier.sequence + 1;

/** The whole lines, newest first. The first bytes may be the rest of a longer line, unless they begin the file. */
function* linesBackwards(bytes: Buffer, whole: boolean): Generator<Buffer> {
  let end = bytes.length - 1;
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
    if (before < 0 && !whole) return;
    yield bytes.subarray(before + 1, end);
    end = before;
  }
}
