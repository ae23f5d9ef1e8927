// One opened audit file: brought into order, appended to, and asked whether it is still the one at its path. Nothing is
// ever removed from it but bytes that were never acknowledged, and those of a torn line are set aside first.
import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Head } from './chain.ts';
import { type LogFiles, readAt, writeAll } from './log-file-system.ts';
import { tornMark } from './rotated-files.ts';
import { readTail } from './tail.ts';
import { identityOf, removeUnacknowledged, type Unacknowledged } from './unacknowledged.ts';

/** Bytes of a line that was never finished, and where they are now. */
export interface TornLine {
  /** The file beside the log, without its folder. */
  readonly file: string;
  readonly bytes: number;
  /** Of these bytes, lower-case hex. */
  readonly sha256: string;
}

interface OpenOptions {
  /** The last acknowledged record. */
  readonly head: Head | undefined;
  /** The last record of earlier runs. */
  readonly found: Head | undefined;
  readonly unacknowledged: Unacknowledged | undefined;
  /** Milliseconds since the epoch; stands in the name of what is set aside. */
  readonly now: number;
}

interface OpenedLog {
  readonly log: LogFile;
  readonly torn: TornLine | undefined;
}

/** The owner writes, the owner's group (log shippers) reads. */
const mode = 0o640;

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
      const size = await removeUnacknowledged(files, fd, found, options.unacknowledged);
      const tail = await readTail(files, path, fd, size);
      refuseOther(tail.last, options);
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

  /** Resolves when the bytes are durable, with nothing before them. After a rejection the file must be opened anew. */
  async append(bytes: Buffer): Promise<void> {
    const size = this.#size + bytes.length;
    await writeAll(this.#files, this.#fd, bytes);
    // Both to their ends: a descriptor must not be closed under a call that may be waiting for the disk.
    const [synced, found] = await Promise.allSettled([
      this.#files.fdatasync(this.#fd),
      this.#files.fstat(this.#fd),
    ]);
    if (synced.status === 'rejected') throw synced.reason;
    if (found.status === 'rejected') throw found.reason;
    // Bytes of somebody else may have run into the first line.
    if (found.value.size !== size) throw new Error('somebody else wrote to the audit file at the same time');
    this.#size = size;
  }

  /** Takes out what was written and not acknowledged, as far as the disk lets it. */
  async discard(unacknowledged: Unacknowledged): Promise<void> {
    try {
      await removeUnacknowledged(this.#files, this.#fd, await this.#files.fstat(this.#fd), unacknowledged);
    } catch {
      // It is done when the file is opened again.
    }
  }

  async close(): Promise<void> {
    await this.#files.close(this.#fd).catch(() => undefined);
  }
}

/**
 * Two gateways that write to one file would fork the chain. An older record at the end, of this chain or the one before it,
 * is no reason to stop: somebody cut the file, which the next record makes evident.
 */
function refuseOther(last: Head | undefined, { head, found }: Pick<OpenOptions, 'head' | 'found'>): void {
  if (last === undefined || last.fingerprint === head?.fingerprint) return;
  const isOlder = last.chain === head?.chain ? last.sequence < head.sequence : last.chain === found?.chain;
  if (!isOlder) throw new Error('somebody else writes to the audit file');
}

async function setAside(
  files: LogFiles,
  fd: number,
  { path, end, size, now }: { path: string; end: number; size: number; now: number },
): Promise<TornLine> {
  const name = `${path}${tornMark}${new Date(now).toISOString().replaceAll(':', '')}`;
  const target = await files.open(name, 'wx', mode);
  try {
    // Bounded: `readTail` looks no further back.
    const bytes = await readAt(files, fd, end, size - end);
    await writeAll(files, target, bytes);
    await files.fdatasync(target);
    await syncFolder(files, path);
    // The sync of the record that says so makes this durable, too.
    await files.ftruncate(fd, end);
    return { file: basename(name), bytes: bytes.length, sha256: hash('sha256', bytes) };
  } catch (error) {
    // It is tried again and again, and must not leave a copy each time.
    await files.unlink(name).catch(() => undefined);
    throw error;
  } finally {
    await files.close(target).catch(() => undefined);
  }
}

async function syncFolder(files: LogFiles, path: string): Promise<void> {
  const fd = await files.open(dirname(path), 'r');
  try {
    await files.fdatasync(fd);
  } finally {
    await files.close(fd);
  }
}
