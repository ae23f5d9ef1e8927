// Finds the files that an audit log was rotated into, by the names that logrotate and its like give, and puts them in the order
// of their records: a copy or a compression can give the oldest file the newest time. Never takes what was set aside.
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { recordOf } from '../record/found-record.ts';
import type { Head } from './chain.ts';
import { identityOf } from './unacknowledged.ts';

export interface FoundFile {
  readonly path: string;
  /** Device and inode. */
  readonly identity: string;
  readonly size: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** With the place of one of its records, and when that was made. */
type PlacedFile = FoundFile & Pick<Head, 'chain' | 'sequence'> & { readonly time: number };

/** Between a log's name and the time in the name of what was set aside from it. */
export const tornMark = '.torn-';
/** How the dates begin that rotation puts into names: `-20261122`, `.2026-11-22`, `-22-11-2026`, `-202611`, `-1795305600`. */
const date = /^[.-](?:20\d\d[-_]?\d\d|\d\d[-_]\d\d[-_]\d{4}|\d{8})/;
/** Enough for a whole record, which has at most 12,000 bytes. */
const edgeBytes = 16 * 1024;

/** `audit.log` became `audit.log.1`, `audit.log-20261122.gz`, `audit.1.log` or `audit-20261122.log`. Oldest first. */
export async function findRotated(path: string): Promise<FoundFile[]> {
  const placed: PlacedFile[] = [];
  const others: FoundFile[] = [];
  for (const name of await readdir(dirname(path))) {
    const file = isOf(basename(path), name) ? await describeFile(join(dirname(path), name)) : undefined;
    if (file === undefined) continue;
    const found = await placeOf(file);
    if (found === undefined) others.push(file);
    else placed.push(found);
  }
  // Files of one chain by the numbers of their records, chains by the times of theirs.
  placed.sort((a, b) => a.sequence - b.sequence || a.writtenAt - b.writtenAt);
  const chains = [...Map.groupBy(placed, ({ chain }) => chain).values()];
  const ordered = chains.sort((a, b) => Number(a.at(-1)?.time) - Number(b.at(-1)?.time)).flat();
  others.sort((a, b) => a.writtenAt - b.writtenAt);
  // Another file may be newer, unless it was last written before a record of the newest was made.
  const isOlder = ({ writtenAt }: FoundFile): boolean => writtenAt < (ordered.at(-1)?.time ?? 0);
  return [...others.filter(isOlder), ...ordered, ...others.filter((file) => !isOlder(file))];
}

/** `undefined` if there is no regular file. */
export async function describeFile(path: string): Promise<FoundFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return { path, identity: identityOf(found), size: found.size, writtenAt: found.mtimeMs };
}

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

/** By an intact record near its end, of a compressed file near its beginning. `undefined` if none is found there. */
async function placeOf(file: FoundFile): Promise<PlacedFile | undefined> {
  const { path, size, writtenAt } = file;
  const isCompressed = path.endsWith('.gz');
  try {
    const opened = await open(path);
    const from = isCompressed ? 0 : Math.max(0, size - edgeBytes);
    const reading = opened.read(Buffer.alloc(edgeBytes), 0, edgeBytes, from);
    const { buffer, bytesRead } = await reading.finally(() => opened.close());
    const edge = buffer.subarray(0, bytesRead);
    // No error where the rest is missing.
    const text = isCompressed ? gunzipSync(edge, { finishFlush: constants.Z_SYNC_FLUSH }) : edge;
    for (const line of text.toString('utf8').split('\n').reverse()) {
      const found = recordOf(line);
      if (!found?.link?.intact) continue;
      const { chain, sequence } = found.link;
      return { ...file, chain, sequence, time: Number(found.record['time'] ?? writtenAt) };
    }
  } catch {
    // Whoever needs its records meets the fault again, and reports it.
  }
  return undefined;
}
