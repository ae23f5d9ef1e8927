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
 * What was rejected is written again by whoever wanted it written; a half of it must not stand before it. Only what is
 * certainly that is removed: there may be bytes of somebody else. The size that is left.
 */
export async function removeUnacknowledged(
  files: LogFiles,
  fd: number,
  found: Stats,
  last: Unacknowledged | undefined,
): Promise<number> {
  if (last === undefined || last.identity !== identityOf(found) || found.size === 0) return found.size;
  // Behind what is acknowledged, or in a file that somebody cut since: there a few bytes alike prove nothing.
  const cut = found.size <= last.size;
  const from = Math.max(cut ? 0 : last.size, found.size - last.bytes.length);
  const there = await readAt(files, fd, from, found.size - from);
  const at = startOf(last.bytes, there);
  if (at === undefined || (cut && there.length - at < last.bytes.length)) return found.size;
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
