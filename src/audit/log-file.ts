// One opened audit file: brought into order, appended to, and asked whether it is still the one at its path. Nothing is
// ever removed from it but bytes that were never acknowledged, and those of a torn line are set aside first.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Head } from './chain.ts';
import { type LogFiles, readAt, writeAll } from './log-files.ts';
import { tornMark } from './rotated-files.ts';
import { readTail } from './tail.ts';

/** Bytes of a line that was never finished, and where they are now. */
export interface TornLine {
  /** The file beside the log, without its folder. */
  readonly file: string;
  readonly bytes: number;
  /** Of these bytes, lower-case hex. */
  readonly sha256: string;
}

/** What was written last and not acknowledged. */
export interface Unacknowledged {
  readonly identity: string;
  /** Up to here all is acknowledged. */
  readonly size: number;
  readonly bytes: Buffer;
}

export interface OpenOptions {
  /** The last acknowledged record. */
  readonly head: Head;
  readonly unacknowledged: Unacknowledged | undefined;
  /** Milliseconds since the epoch; stands in the name of what is set aside. */
  readonly now: number;
}

export interface OpenedLog {
  readonly log: LogFile;
  readonly torn: TornLine | undefined;
}

/** The owner writes, the owner's group (log shippers) reads. */
const mode = 0o640;
const copyBytes = 1024 * 1024;

export class LogFile {
  readonly #files: LogFiles;
  readonly #fd: number;
  /** Device and inode. */
  readonly identity: string;
  #size: number;

  private constructor(files: LogFiles, fd: number, identity: string, size: number) {
    this.#files = files;
    this.#fd = fd;
    this.identity = identity;
    this.#size = size;
  }

  /** Rejects when the file cannot be brought into order, or belongs to another chain. */
  static async open(files: LogFiles, path: string, options: OpenOptions): Promise<OpenedLog> {
    const fd = await files.open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, mode);
    try {
      const found = await files.fstat(fd);
      if (!found.isFile()) throw new Error('the audit file is no regular file');
      const identity = identityOf(found);
      const size = await removeUnacknowledged(files, fd, { identity, size: found.size }, options);
      const tail = await readTail(files, fd, size);
      refuseOther(tail.last, options.head);
      const torn =
        tail.end < size ? await setAside(files, fd, { path, ...tail, size, now: options.now }) : undefined;
      // A file that was just created is durable when its folder is.
      if (found.size === 0) await syncFolder(files, path);
      return { log: new LogFile(files, fd, identity, tail.end), torn };
    } catch (error) {
      await files.close(fd).catch(() => undefined);
      throw error;
    }
  }

  /** How much of the file is acknowledged, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Is the file at `path` this one, and has nobody else written to it or cut it? */
  async isAt(path: string): Promise<boolean> {
    try {
      const found = await this.#files.stat(path);
      return identityOf(found) === this.identity && found.size === this.#size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Resolves when the bytes are durable. After a rejection the file must be opened anew. */
  async append(bytes: Buffer): Promise<void> {
    await writeAll(this.#files, this.#fd, bytes);
    await this.#files.fdatasync(this.#fd);
    this.#size += bytes.length;
  }

  /** Takes out what was written and not acknowledged, as far as the disk lets it. */
  async discard(): Promise<void> {
    await this.#files.ftruncate(this.#fd, this.#size).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#files.close(this.#fd).catch(() => undefined);
  }
}

const identityOf = ({ dev, ino }: { dev: number; ino: number }): string => `${dev}:${ino}`;

/** What was rejected is written again by whoever wanted it written; a half of it must not stand before it. */
async function removeUnacknowledged(
  files: LogFiles,
  fd: number,
  found: { readonly identity: string; readonly size: number },
  { unacknowledged: last }: OpenOptions,
): Promise<number> {
  if (last === undefined || last.identity !== found.identity || found.size <= last.size) return found.size;
  const extra = found.size - last.size;
  if (extra > last.bytes.length) return found.size;
  const there = await readAt(files, fd, last.size, extra);
  if (!there.equals(last.bytes.subarray(0, extra))) return found.size;
  await files.ftruncate(fd, last.size);
  await files.fdatasync(fd);
  return last.size;
}

/**
 * Two gateways that write to one file would fork the chain. An older record of this chain at the end is no reason to stop:
 * somebody cut the file, which the next record makes evident.
 */
function refuseOther(last: Head | undefined, head: Head): void {
  if (last === undefined || last.hash === head.hash) return;
  if (last.sequence >= head.sequence) throw new Error('somebody else writes to the audit file');
}

async function setAside(
  files: LogFiles,
  fd: number,
  { path, end, size, now }: { path: string; end: number; size: number; now: number },
): Promise<TornLine> {
  const name = `${path}${tornMark}${new Date(now).toISOString().replaceAll(':', '')}`;
  const target = await files.open(name, 'wx', mode);
  const hash = createHash('sha256');
  try {
    for (let at = end; at < size; at += copyBytes) {
      const bytes = await readAt(files, fd, at, Math.min(copyBytes, size - at));
      hash.update(bytes);
      await writeAll(files, target, bytes);
    }
    await files.fdatasync(target);
  } catch (error) {
    // A full disk must not fill up with halves of what it could not take.
    await files.unlink(name).catch(() => undefined);
    throw error;
  } finally {
    await files.close(target);
  }
  await syncFolder(files, path);
  await files.ftruncate(fd, end);
  await files.fdatasync(fd);
  return { file: basename(name), bytes: size - end, sha256: hash.digest('hex') };
}

async function syncFolder(files: LogFiles, path: string): Promise<void> {
  const fd = await files.open(dirname(path), 'r');
  try {
    await files.fdatasync(fd);
  } finally {
    await files.close(fd);
  }
}
