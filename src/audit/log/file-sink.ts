// Writes audit lines to a file. A line counts as written when `fdatasync` has returned, and all that wait share one. What
// was not acknowledged is taken out of the file again, and nothing is acknowledged in a file that is not at its path.
import { Backoff } from '../../async/backoff.ts';
import { LineBuffer } from '../../logging/line-buffer.ts';
import { recordOf } from '../record/found-record.ts';
import type { Head } from './chain.ts';
import { LogFile, type TornLine } from './log-file.ts';
import { type LogFiles, systemFiles } from './log-file-system.ts';
import type { AuditSink } from './trail.ts';
import type { Unacknowledged } from './unacknowledged.ts';

export interface FileSinkEvents {
  /** A line that was never finished was found and set aside. */
  readonly torn: (line: TornLine) => void;
  /** The log goes on in another file than before. */
  readonly reopened: () => void;
  readonly failed: (error: unknown) => void;
  /** Lines were appended and synced. */
  readonly synced?: ((seconds: number) => void) | undefined;
}

interface FileSinkOptions {
  readonly path: string;
  /** The last record of the log as it was found at the start. */
  readonly head: Head | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly events: FileSinkEvents;
  readonly files?: LogFiles | undefined;
}

interface Waiting {
  /** `undefined`: only the file is waited for. */
  readonly line: string | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class FileSink implements AuditSink {
  readonly #options: FileSinkOptions;
  readonly #files: LogFiles;
  /** The last acknowledged line. */
  #last: string | undefined;
  #log: LogFile | undefined;
  #identity: string | undefined;
  readonly #buffer = new LineBuffer();
  #waiting: Waiting[] = [];
  #unacknowledged: Unacknowledged | undefined;
  #committing: Promise<void> | undefined;
  /** The first line that was rejected. It has to be written before any other. */
  #rejected: string | undefined;
  #reopenAsked = false;
  #closed = false;
  readonly #backoff = new Backoff({ minMs: 50, maxMs: 800 });
  #notBefore = 0;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#files = options.files ?? systemFiles;
  }

  /** `line` has no newline. Rejects, with every line behind it, when it could not be made durable. */
  write(line: string): Promise<void> {
    return this.#wait(line);
  }

  /** Goes on in the file that is at the path now. Rejects when that cannot be brought into order. */
  reopen(): Promise<void> {
    this.#reopenAsked = true;
    return this.#wait(undefined);
  }

  /** Resolves when everything taken so far is written or has failed, and the file is closed. What comes later is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#committing;
    await this.#closeLog();
  }

  #wait(line: string | undefined): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the audit file is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      this.#commitSoon();
    });
  }

  #commitSoon(): void {
    this.#committing ??= Promise.resolve().then(() => this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    do {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(batch.map(({ line }) => line).filter((line) => line !== undefined));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // What came in meanwhile must not stand before what is missing.
        const rejected = [...batch, ...this.#waiting];
        this.#waiting = [];
        this.#rejected ??= rejected.find(({ line }) => line !== undefined)?.line;
        for (const { reject } of rejected) reject(error);
      }
      // Whoever waited for this batch may have the next line ready.
      await undefined;
    } while (this.#waiting.length > 0);
    // There is no `await` since the check, so a later line starts a new commit.
    this.#committing = undefined;
  }

  async #commit(lines: readonly string[]): Promise<void> {
    const reopening = this.#reopenAsked;
    this.#reopenAsked = false;
    // A file that failed is closed, so it is opened anew in any case.
    if (performance.now() < this.#notBefore) throw new Error('the audit file is not tried again yet');
    if (this.#rejected !== undefined && lines.length > 0 && lines[0] !== this.#rejected)
      throw new Error('a line that was rejected comes first');
    try {
      const log = await this.#ready(reopening);
      if (lines.length > 0) await this.#append(log, lines);
      this.#backoff.succeed();
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  async #append(log: LogFile, lines: readonly string[]): Promise<void> {
    const bytes = this.#buffer.encode(lines, '\n');
    this.#unacknowledged = { identity: log.identity, size: log.size, bytes };
    const startedAt = performance.now();
    await log.append(bytes);
    this.#options.events.synced?.((performance.now() - startedAt) / 1000);
    this.#unacknowledged = undefined;
    this.#rejected = undefined;
    this.#last = lines.at(-1);
  }

  /** The file at the path, in order. */
  async #ready(reopening: boolean): Promise<LogFile> {
    const { path, now, events, head: found } = this.#options;
    if (this.#log !== undefined && (await this.#log.isAt(path)) && !reopening) return this.#log;
    const old = this.#log;
    this.#log = undefined;
    try {
      const head = this.#last === undefined ? found : recordOf(this.#last)?.link;
      const options = { head, found, unacknowledged: this.#unacknowledged, now: now() };
      const { log, torn } = await LogFile.open(this.#files, path, options);
      this.#log = log;
      this.#unacknowledged = undefined;
      if (torn !== undefined) events.torn(torn);
      if (this.#identity !== undefined && this.#identity !== log.identity) events.reopened();
      this.#identity = log.identity;
      return log;
    } finally {
      // Not before: a new file could get the inode of the deleted one, and pass for it.
      await old?.close();
    }
  }

  /** Nothing that was written is trusted before the file has been opened and looked at again. */
  async #fail(error: unknown): Promise<void> {
    const backoffMs = this.#backoff.fail();
    if (this.#backoff.failures === 1) this.#options.events.failed(error);
    if (this.#unacknowledged !== undefined) await this.#log?.discard(this.#unacknowledged);
    await this.#closeLog();
    // From here, however long the disk took to say no.
    this.#notBefore = performance.now() + backoffMs;
  }

  async #closeLog(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.close();
  }
}
