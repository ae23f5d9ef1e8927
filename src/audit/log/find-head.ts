// Finds where the chain of a log ended, so that it runs on across restarts and rotations: in the file itself, or in the
// newest of those that it was rotated into. A log without a record begins a chain.
import { constants } from 'node:fs';
import { headIn } from '../record/found-record.ts';
import { readLines } from '../record/read-lines.ts';
import { beforeFirst, type Head } from './chain.ts';
import type { LogFiles } from './log-file-system.ts';
import { findRotated } from './rotated-files.ts';
import { readTail } from './tail.ts';

export interface FoundHead {
  readonly head: Head;
  /** The file that holds it; `undefined` when there is none. */
  readonly file: string | undefined;
  /** Does it follow from the record before it? */
  readonly linked: boolean;
}

/** Compressions that hide what is in a file. */
const unreadable = /\.(?:bz2|lz4|xz|Z|zip|zst)$/;

/** Rejects when a file that should hold it cannot be read: a chain must not begin anew by mistake. */
export async function findHead(files: LogFiles, path: string): Promise<FoundHead> {
  const own = await headOfFile(files, path);
  if (own !== undefined) return own;
  const rotated = await findRotated(path);
  for (const { path: file } of rotated.reverse()) {
    if (unreadable.test(file))
      throw new Error(`the end of the audit log may be in ${file}, which cannot be read`);
    const found = file.endsWith('.gz') ? await headOfCompressed(file) : await headOfFile(files, file);
    if (found !== undefined) return found;
  }
  return { head: beforeFirst, file: undefined, linked: true };
}

async function headOfFile(files: LogFiles, path: string): Promise<FoundHead | undefined> {
  let fd: number;
  try {
    // A pipe must not make it wait for a writer.
    fd = await files.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const found = await files.fstat(fd);
    if (!found.isFile()) throw new Error('the audit file is no regular file');
    const { last, linked } = await readTail(files, fd, found.size);
    return last === undefined ? undefined : { head: plain(last), file: path, linked };
  } finally {
    await files.close(fd);
  }
}

async function headOfCompressed(path: string): Promise<FoundHead | undefined> {
  let last: Head | undefined;
  let linked = true;
  for await (const { bytes } of readLines([path], () => undefined)) {
    const head = headIn(bytes);
    if (head === undefined) continue;
    linked = last === undefined || head.previous === last.hash;
    last = head;
  }
  return last === undefined ? undefined : { head: plain(last), file: path, linked };
}

const plain = ({ sequence, hash }: Head): Head => ({ sequence, hash });
