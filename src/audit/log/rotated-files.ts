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

/** `audit.log` became `audit.log.1`, `audit.log-20261122.gz` or `audit-20261122.log`. Oldest first. */
export async function findRotated(path: string): Promise<FoundFile[]> {
  const folder = dirname(path);
  const name = basename(path);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const names = (await readdir(folder)).filter(
    (candidate) =>
      candidate !== name &&
      !candidate.includes(tornMark) &&
      (/^[.-]/.test(candidate.slice(name.length)) && candidate.startsWith(name)
        ? true
        : extension !== '' &&
          candidate.startsWith(stem) &&
          /^[.-][0-9].*$/.test(candidate.slice(stem.length)) &&
          candidate.replace(/\.gz$/, '').endsWith(extension)),
  );
  const found = await Promise.all(names.map((candidate) => describeFile(join(folder, candidate))));
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
