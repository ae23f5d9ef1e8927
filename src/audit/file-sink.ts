// Writes audit lines to a file. A line counts as written when `fdatasync` has returned, and all that wait share one. What
// was not acknowledged is taken out of the file again, and nothing is acknowledged in a file that is not at its path.
import { type Head, hashOfLine } from './chain.ts';
import { LogFile, type TornLine, type Unacknowledged } from './log-file.ts';
import { type LogFiles, systemFiles } from './log-files.ts';
import type { AuditSink } from './trail.ts';

export interface FileSinkEvents {
  /** A line that was never finished was found and set aside. */
  readonly torn: (line: TornLine) => void;
  /** The log goes on in another file than before. */
  readonly reopened: () => void;
  readonly failed: (error: unknown) => void;
}

export interface FileSinkOptions {
  readonly path: string;
  /** The last record of the log as it was found at the start. */
  readonly head: Head;
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

const newline = 0x0a;
/** After a failure the file is not tried again for so long, doubling up to the last. */
const firstBackoffMs = 50;
const longestBackoffMs = 800;

export class FileSink implements AuditSink {
  readonly #options: FileSinkOptions;
  readonly #files: LogFiles;
  #head: Head;
  #log: LogFile | undefined;
  #identity: string | undefined;
  #buffer = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  #unacknowledged: Unacknowledged | undefined;
  #committing: Promise<void> | undefined;
  #reopenAsked = false;
  #failures = 0;
  #notBefore = 0;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#files = options.files ?? systemFiles;
    this.#head = options.head;
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

  /** Resolves when everything taken so far is written or has failed, and the file is closed. */
  async close(): Promise<void> {
    await this.#committing;
    await this.#letGo();
  }

  #wait(line: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      this.#commitSoon();
    });
  }

  #commitSoon(): void {
    this.#committing ??= Promise.resolve()
      .then(() => this.#commitAll())
      .finally(() => {
        this.#committing = undefined;
      });
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
        for (const { reject } of rejected) reject(error);
      }
      // Whoever waited for this batch may have the next line ready.
      await undefined;
    } while (this.#waiting.length > 0);
  }

  async #commit(lines: readonly string[]): Promise<void> {
    const reopening = this.#reopenAsked;
    this.#reopenAsked = false;
    // A file that failed is closed, so it is opened anew in any case.
    if (performance.now() < this.#notBefore) throw new Error('the audit file failed a moment ago');
    try {
      const log = await this.#ready(reopening);
      if (lines.length > 0) await this.#append(log, lines);
      this.#failures = 0;
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  async #append(log: LogFile, lines: readonly string[]): Promise<void> {
    const bytes = this.#encode(lines);
    this.#unacknowledged = { identity: log.identity, size: log.size, bytes };
    await log.append(bytes);
    this.#unacknowledged = undefined;
    const last = lines.at(-1) ?? '';
    this.#head = { sequence: this.#head.sequence + lines.length, hash: hashOfLine(last) };
  }

  /** The lines as they go into the file; valid until the next call. Joining strings would cost twenty times as much. */
  #encode(lines: readonly string[]): Buffer {
    // A UTF-16 code unit takes three bytes at most.
    const most = lines.reduce((sum, { length }) => sum + 3 * length + 1, 0);
    if (this.#buffer.length < most) this.#buffer = Buffer.allocUnsafe(most);
    let end = 0;
    for (const line of lines) {
      end += this.#buffer.write(line, end);
      this.#buffer[end] = newline;
      end += 1;
    }
    return this.#buffer.subarray(0, end);
  }

  /** The file at the path, in order. */
  async #ready(reopening: boolean): Promise<LogFile> {
    const { path, now, events } = this.#options;
    if (this.#log !== undefined && (await this.#log.isAt(path)) && !reopening) return this.#log;
    await this.#letGo();
    const options = { head: this.#head, unacknowledged: this.#unacknowledged, now: now() };
    const { log, torn } = await LogFile.open(this.#files, path, options);
    this.#log = log;
    this.#unacknowledged = undefined;
    if (torn !== undefined) events.torn(torn);
    if (this.#identity !== undefined && this.#identity !== log.identity) events.reopened();
    this.#identity = log.identity;
    return log;
  }

  /** Nothing that was written is trusted before the file has been opened and looked at again. */
  async #fail(error: unknown): Promise<void> {
    const backoffMs = Math.min(firstBackoffMs * 2 ** this.#failures, longestBackoffMs);
    this.#failures += 1;
    this.#notBefore = performance.now() + backoffMs;
    if (this.#failures === 1) this.#options.events.failed(error);
    await this.#log?.discard();
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.close();
  }
}
