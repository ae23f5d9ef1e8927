// Takes out of an audit file what was written and never acknowledged, whole or in part. Removes nothing that is not
// certainly that.
import type { Stats } from 'node:fs';
import { type LogFiles, readAt } from './log-file-system.ts';

/** What was written last and not acknowledged. */
export interface Unacknowledged {
  readonly identity: string;
  /** Up to here all is acknowledged. */
  readonly size: number;
  readonly bytes: Buffer;
}

/** Device and inode. */
export const identityOf = ({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string => `${dev}:${ino}`;

/**
 * Rejected lines are written again, so a partial copy of them is removed first. Only bytes that certainly are such a copy
 * are removed: another program may have written to the file. Resolves to the size that is left.
 */
export async function removeUnacknowledged(
  files: LogFiles,
  fd: number,
  found: Stats,
  last: Unacknowledged | undefined,
): Promise<number> {
  if (last === undefined || last.identity !== identityOf(found) || found.size === 0) return found.size;
  const start = Math.max(0, found.size - last.bytes.length);
  const there = await readAt(files, fd, start, found.size - start);
  // All of it, even in a file that somebody cut since. A part of it only behind what is acknowledged: elsewhere a few bytes
  // alike prove nothing.
  const from = there.equals(last.bytes) ? start : Math.max(start, last.size);
  const at = found.size <= from ? undefined : startOf(last.bytes, there.subarray(from - start));
  if (at === undefined) return found.size;
  await files.ftruncate(fd, from + at);
  await files.fdatasync(fd);
  return from + at;
}

/** Where the end of `there` begins to be `bytes`, or as many of them as got so far. */
function startOf(bytes: Buffer, there: Buffer): number | undefined {
  const first = bytes.subarray(0, 1);
  for (let at = there.indexOf(first); at >= 0; at = there.indexOf(first, at + 1))
    if (there.subarray(at).equals(bytes.subarray(0, there.length - at))) return at;
  return undefined;
}
