// Finds the files that an audit log was rotated into, by the names that logrotate and its like give: the log's own name
// with something behind it, or between it and its extension. Never takes what was set aside.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { identityOf } from './unacknowledged.ts';

export interface FoundFile {
  readonly path: string;
  /** Device and inode. */
  readonly identity: string;
  /** When it was last written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** Between a log's name and the time in the name of what was set aside from it. */
export const tornMark = '.torn-';
/** How the dates begin that rotation puts into names: `-20261122`, `.2026-11-22`, `-22-11-2026`, `-202611`, `-1795305600`. */
const date = /^[.-](?:20\d\d[-_]?\d\d|\d\d[-_]\d\d[-_]\d{4}|\d{8})/;

/** `audit.log` became `audit.log.1`, `audit.log-20261122.gz`, `audit.1.log` or `audit-20261122.log`. Oldest first. */
export async function findRotated(path: string): Promise<FoundFile[]> {
  const names = (await readdir(dirname(path))).filter((name) => isOf(basename(path), name));
  const found = await Promise.all(names.map((name) => describeFile(join(dirname(path), name))));
  return found.filter((file) => file !== undefined).sort((a, b) => a.writtenAt - b.writtenAt);
}

/** `undefined` if there is no regular file. */
export async function describeFile(path: string): Promise<FoundFile | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { path, identity: identityOf(found), writtenAt: found.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Has the file `log-…` no date in its name? Then another gateway may be writing to it. */
export const isDoubtful = (log: string, path: string): boolean =>
  path.startsWith(`${log}-`) && !date.test(path.slice(log.length));

/** Between name and extension there must be a number or a date: `audit-2.log` is the log of another gateway. */
function isOf(log: string, name: string): boolean {
  if (name.includes(tornMark)) return false;
  if (name.startsWith(log)) return /^[.-]/.test(name.slice(log.length));
  const extension = extname(log);
  const stem = log.slice(0, log.length - extension.length);
  const plain = name.replace(/\.gz$/, '');
  if (extension === '' || !plain.startsWith(stem) || !plain.endsWith(extension)) return false;
  const between = plain.slice(stem.length, -extension.length);
  return /^\.\d+$/.test(between) || date.test(between);
}
