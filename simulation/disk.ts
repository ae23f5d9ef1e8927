// The disk of a simulated machine. What was written is in the cache of the system; what was synced survives a loss of power.
// Operations take time, fail, hang, and write less than they were given.
import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { LogFiles } from '../src/audit/log/log-file-system.ts';
import { FileContent } from './file-content.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** When every run begins, in milliseconds since the epoch. */
export const epoch = Date.parse('2026-11-29T00:00:00Z');

interface OpenFile {
  readonly path: string;
  /** `undefined`: a folder. */
  readonly content: FileContent | undefined;
  readonly owner: SimulatedProcess;
  isClosed: boolean;
  /** Operations that have not ended. */
  pending: number;
  /** What is being written. */
  writing: Buffer | undefined;
}

export interface DiskWatch {
  /** Bytes of a file became durable. */
  synced(path: string, content: FileContent): void;
  /** The gateway used the disk as no program may. */
  misused(what: string): void;
}

export class Disk {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #watch: DiskWatch;
  readonly #files = new Map<string, FileContent>();
  readonly #open = new Map<number, OpenFile>();
  #lastInode = 1;
  /** Faults, each until it is taken back or used up. */
  hangsUntil = 0;
  isFull = false;
  syncsToFail = 0;
  writesToFail = 0;
  writesToCut = 0;
  /** A sync failed, and a process had died that would have written the lost bytes again. Programs see them, the disk has lost them. */
  hidLoss = false;

  constructor(schedule: Schedule, random: Random, watch: DiskWatch) {
    this.#schedule = schedule;
    this.#random = random;
    this.#watch = watch;
  }

  latency(): number {
    return Math.max(this.hangsUntil - this.#schedule.now, 0) + this.#random.latency(3, 60);
  }

  /** By an operator, at once and durably. */
  put(path: string, text: string): void {
    const content = new FileContent(this.#nextInode(), this.#now);
    content.append(Buffer.from(text));
    content.sync();
    content.isLinked = true;
    this.#files.set(path, content);
  }

  /** By an operator. */
  rename(from: string, to: string): void {
    const content = this.#files.get(from);
    if (content === undefined) return;
    this.#files.delete(from);
    this.#files.set(to, content);
  }

  /** By the system, as it does after a while: what was written is durable, unless it was thrown away. */
  writeBack(): void {
    for (const [path, content] of this.#files) {
      content.sync();
      this.#watch.synced(path, content);
    }
  }

  contentOf(path: string): Buffer {
    return Buffer.from(this.#find(path).bytes);
  }

  describe(path: string) {
    return this.#find(path).describe();
  }

  namesIn(folder: string): string[] {
    return this.paths.filter((path) => dirname(path) === folder).map((path) => basename(path));
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  file(path: string): FileContent | undefined {
    return this.#files.get(path);
  }

  openFilesOf(owner: SimulatedProcess): string[] {
    return [...this.#open.values()].filter((open) => open.owner === owner).map(({ path }) => path);
  }

  /** Does the process still write to a file that was renamed? */
  holdsRenamed(owner: SimulatedProcess): boolean {
    return [...this.#open.values()].some(
      (open) =>
        open.owner === owner && open.content !== undefined && open.content !== this.#files.get(open.path),
    );
  }

  /** The process is gone; the system goes on, and so does what it holds. Of a write in progress, a part may be there. */
  loseProcess(owner: SimulatedProcess, power = false): void {
    for (const [fd, { owner: opener, content, writing }] of this.#open) {
      if (opener !== owner) continue;
      this.#open.delete(fd);
      if (writing !== undefined)
        content?.append(writing.subarray(0, this.#random.between(0, writing.length)));
      if (content !== undefined) content.ofDead = content.size;
      this.hidLoss ||= !power && (content?.isPoisoned ?? false);
    }
  }

  /** What was not synced may be there, in part or not at all. */
  losePower(): void {
    for (const [path, content] of this.#files) {
      if (!content.isLinked && this.#random.chance(0.5)) this.#files.delete(path);
      else content.losePower(this.#random);
    }
  }

  /** The calls of one process. */
  callsOf(owner: SimulatedProcess): LogFiles {
    const of = <Result>(fd: number, label: string, act: (open: OpenFile) => Result): Promise<Result> => {
      const open = this.#opened(fd, label);
      open.pending += 1;
      return this.#after(owner, `${label} ${basename(open.path)}`, () => act(open)).finally(() => {
        open.pending -= 1;
      });
    };
    return {
      open: (path, flags) =>
        this.#after(owner, `open ${basename(path)}`, () => this.#openNow(owner, path, flags)),
      close: (fd) => {
        const open = this.#opened(fd, 'close');
        if (open.pending > 0) this.#watch.misused(`${open.path} is closed under a call that has not ended`);
        open.isClosed = true;
        return this.#after(owner, `close ${basename(open.path)}`, () => void this.#open.delete(fd));
      },
      stat: (path) => this.#after(owner, `stat ${basename(path)}`, () => this.#find(path).describe()),
      fstat: (fd) => of(fd, 'fstat', ({ content }) => contentIn(content).describe()),
      read: (fd, buffer, offset, length, position) =>
        of(fd, 'read', ({ content }) => {
          const bytes = contentIn(content).bytes.subarray(position, position + length);
          return { bytesRead: bytes.copy(buffer, offset) };
        }),
      write: (fd, buffer, offset) => {
        // The caller may use its buffer again.
        const bytes = Buffer.from(buffer.subarray(offset));
        this.#opened(fd, 'write').writing = bytes;
        return of(fd, 'write', (open) => {
          open.writing = undefined;
          return this.#write(contentIn(open.content), bytes);
        });
      },
      fdatasync: (fd) => {
        const upTo = this.#opened(fd, 'fdatasync').content?.size;
        return of(fd, 'fdatasync', (open) => this.#sync(open, upTo));
      },
      ftruncate: (fd, length) => of(fd, 'ftruncate', ({ content }) => contentIn(content).truncate(length)),
      unlink: (path) => this.#after(owner, `unlink ${basename(path)}`, () => void this.#files.delete(path)),
    };
  }

  #after<Result>(owner: SimulatedProcess, label: string, act: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const wait = () =>
        this.#schedule.later(owner, this.latency(), label, () => {
          // A disk that began to hang holds what it had not done.
          if (this.hangsUntil > this.#schedule.now) return void wait();
          try {
            resolve(act());
          } catch (error) {
            reject(error);
          }
        });
      wait();
    });
  }

  #openNow(owner: SimulatedProcess, path: string, flags: number | string): number {
    const creates = typeof flags === 'number' ? (flags & constants.O_CREAT) !== 0 : flags.startsWith('w');
    const isFolder = !this.#files.has(path) && this.paths.some((known) => dirname(known) === path);
    if (flags === 'wx' && this.#files.has(path)) throw failure('EEXIST', path);
    if (creates && !this.#files.has(path)) {
      if (this.isFull) throw failure('ENOSPC', path);
      this.#files.set(path, new FileContent(this.#nextInode(), this.#now));
    }
    const content = isFolder ? undefined : this.#find(path);
    let fd = 3;
    while (this.#open.has(fd)) fd += 1;
    this.#open.set(fd, { path, content, owner, isClosed: false, pending: 0, writing: undefined });
    return fd;
  }

  #opened(fd: number, label: string): OpenFile {
    const open = this.#open.get(fd);
    if (open !== undefined && !open.isClosed) return open;
    this.#watch.misused(`${label} of a descriptor that is closed`);
    throw failure('EBADF', String(fd));
  }

  #write(content: FileContent, bytes: Buffer): { bytesWritten: number } {
    if (this.writesToFail > 0) {
      this.writesToFail -= 1;
      content.append(bytes.subarray(0, this.#random.between(0, bytes.length)));
      throw failure('EIO', 'write');
    }
    if (this.isFull) {
      const room = this.#random.chance(0.5) ? 0 : this.#random.between(0, bytes.length - 1);
      if (room === 0) throw failure('ENOSPC', 'write');
      content.append(bytes.subarray(0, room));
      return { bytesWritten: room };
    }
    const isCut = this.writesToCut > 0 && bytes.length > 1;
    if (isCut) this.writesToCut -= 1;
    const length = isCut ? this.#random.between(1, bytes.length - 1) : bytes.length;
    content.append(bytes.subarray(0, length));
    return { bytesWritten: length };
  }

  #sync({ path, content }: OpenFile, upTo: number | undefined): void {
    if (this.syncsToFail > 0) {
      this.syncsToFail -= 1;
      content?.failSync();
      if (content?.isPoisoned && content.ofDead > content.durableBytes.length) this.hidLoss = true;
      throw failure('EIO', 'fdatasync');
    }
    if (content === undefined) {
      for (const [name, file] of this.#files) if (dirname(name) === path) file.isLinked = true;
      return;
    }
    content.sync(upTo);
    this.#watch.synced(path, content);
  }

  #find(path: string): FileContent {
    const content = this.#files.get(path);
    if (content === undefined) throw failure('ENOENT', path);
    return content;
  }

  readonly #now = (): number => epoch + this.#schedule.now;

  #nextInode(): number {
    this.#lastInode += 1;
    return this.#lastInode;
  }
}

function contentIn(content: FileContent | undefined): FileContent {
  if (content === undefined) throw failure('EISDIR', '');
  return content;
}

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });
