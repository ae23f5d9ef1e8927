// Reads the end of an audit log backwards: its records, newest first, and the bytes of a line that was never finished. Looks
// at no more than it takes, and never at more than a bound.
import { type Link, type LinkedRecord, recordOf } from '../record/found-record.ts';
import { type LogFiles, readAt } from './log-file-system.ts';

export interface Tail {
  /** Where the last whole line ends. */
  readonly end: number;
  /** The last record of the file, if it has a place in a chain. */
  readonly last: Link | undefined;
}

const chunkBytes = 64 * 1024;
const maxBytes = 16 * 1024 * 1024;
const newline = 0x0a;

/** `path` is for the message only. Rejects when the file cannot be read, or holds no record in its last 16 MiB. */
export async function readTail(files: LogFiles, path: string, fd: number, size: number): Promise<Tail> {
  let end: number | undefined;
  for await (const { start, line } of linesBackwards(files, path, fd, size)) {
    if (end === undefined) end = start;
    else {
      const found = recordOf(line.toString('utf8'));
      if (found !== undefined) return { end, last: found.link };
    }
  }
  return { end: end ?? 0, last: undefined };
}

/** The records of a file, newest first. Rejects as `readTail` does. */
export async function* recordsBackwards(
  files: LogFiles,
  path: string,
  fd: number,
  size: number,
): AsyncGenerator<LinkedRecord, void, undefined> {
  let torn = true;
  for await (const { line } of linesBackwards(files, path, fd, size)) {
    const found = torn ? undefined : recordOf(line.toString('utf8'));
    torn = false;
    if (found !== undefined) yield found;
  }
}

/** First what stands behind the last newline, which may be nothing; then whole lines, newest first. */
async function* linesBackwards(
  files: LogFiles,
  path: string,
  fd: number,
  size: number,
): AsyncGenerator<{ readonly start: number; readonly line: Buffer }, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = size; at > 0; ) {
    if (size - at >= maxBytes) throw new Error(`the last 16 MiB of ${path} hold no audit record`);
    // A line that is longer than a chunk is not read again and again.
    const length = Math.min(Math.max(chunkBytes, rest.length), at);
    at -= length;
    const bytes = Buffer.concat([await readAt(files, fd, at, length), rest]);
    let end = bytes.length;
    for (let before = bytes.lastIndexOf(newline); before >= 0; ) {
      yield { start: at + before + 1, line: bytes.subarray(before + 1, end) };
      end = before;
      before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
    }
    rest = bytes.subarray(0, end);
  }
  yield { start: 0, line: rest };
}
