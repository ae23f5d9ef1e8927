// A file system with a broken disk: the real one, with calls that fail, take too little, or hang until they are let go.
import { type LogFiles, systemFiles } from '../../../src/audit/log/log-file-system.ts';

export type Operation = keyof LogFiles;
export type ErrorCode = 'EIO' | 'ENOENT' | 'ENOSPC' | 'EPERM' | 'EROFS';

interface Failure {
  readonly code: ErrorCode;
  /** So many calls still get through. */
  after: number;
}

const errorOf = (code: ErrorCode, operation: Operation): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: made up, ${operation}`), { code });

export class BrokenFiles implements LogFiles {
  /** Called just before a call is made; a test may change the file there. */
  before: (operation: Operation) => Promise<void> = async () => undefined;
  readonly #counts = new Map<Operation, number>();
  readonly #failures = new Map<Operation, Failure>();
  readonly #hanging = new Map<Operation, (() => void)[]>();
  readonly #open = new Set<number>();
  #room = Number.POSITIVE_INFINITY;

  /** Calls so far, whatever came of them. */
  count(operation: Operation): number {
    return this.#counts.get(operation) ?? 0;
  }

  /** Descriptors that are open. */
  get openFiles(): number {
    return this.#open.size;
  }

  /** Every call of this kind fails from now on, or once `after` more have been made; nothing of it is done. */
  fail(operation: Operation, code: ErrorCode, after = 0): void {
    this.#failures.set(operation, { code, after });
  }

  /** The disk takes so many bytes more, and part of a write when the rest is too much. */
  fillAfter(bytes: number): void {
    this.#room = bytes;
  }

  /** Calls of this kind wait from now on. */
  hang(operation: Operation): void {
    if (!this.#hanging.has(operation)) this.#hanging.set(operation, []);
  }

  /** How many calls of this kind wait. */
  hung(operation: Operation): number {
    return this.#hanging.get(operation)?.length ?? 0;
  }

  /** What waits in calls of this kind goes on, into whatever comes next. */
  letGo(operation: Operation): void {
    const waiting = this.#hanging.get(operation) ?? [];
    this.#hanging.delete(operation);
    for (const goOn of waiting) goOn();
  }

  /** The disk is well again; what waits goes on. */
  heal(): void {
    this.#failures.clear();
    this.#room = Number.POSITIVE_INFINITY;
    for (const operation of [...this.#hanging.keys()]) this.letGo(operation);
  }

  async open(...args: Parameters<LogFiles['open']>): Promise<number> {
    const fd = await this.#do('open', () => systemFiles.open(...args));
    this.#open.add(fd);
    return fd;
  }

  async close(fd: number): Promise<void> {
    this.#open.delete(fd);
    await this.#do('close', () => systemFiles.close(fd));
  }

  stat: LogFiles['stat'] = (path) => this.#do('stat', () => systemFiles.stat(path));
  fstat: LogFiles['fstat'] = (fd) => this.#do('fstat', () => systemFiles.fstat(fd));
  read: LogFiles['read'] = (...args) => this.#do('read', () => systemFiles.read(...args));
  fdatasync: LogFiles['fdatasync'] = (fd) => this.#do('fdatasync', () => systemFiles.fdatasync(fd));
  ftruncate: LogFiles['ftruncate'] = (...args) => this.#do('ftruncate', () => systemFiles.ftruncate(...args));
  unlink: LogFiles['unlink'] = (path) => this.#do('unlink', () => systemFiles.unlink(path));

  write: LogFiles['write'] = (fd, buffer, offset) =>
    this.#do('write', async () => {
      if (this.#room <= 0) throw errorOf('ENOSPC', 'write');
      const end = Math.min(buffer.length, offset + this.#room);
      const written = await systemFiles.write(fd, buffer.subarray(0, end), offset);
      this.#room -= written.bytesWritten;
      return written;
    });

  async #do<T>(operation: Operation, call: () => Promise<T>): Promise<T> {
    this.#counts.set(operation, this.count(operation) + 1);
    await this.before(operation);
    const waiting = this.#hanging.get(operation);
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting.push(resolve));
    const failure = this.#failures.get(operation);
    if (failure !== undefined) {
      if (failure.after <= 0) throw errorOf(failure.code, operation);
      failure.after -= 1;
    }
    return await call();
  }
}
