// Writes whole lines to a file descriptor, in order, without ever blocking the process. Audit lines are never dropped
// and say when the kernel has taken them; log lines give way when their reader does not keep up.
import { write } from 'node:fs';

/** Log lines that wait while the reader is stuck; what comes after that is counted and dropped. */
const mostLogBytes = 4 * 1024 * 1024;
const retryMs = 10;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One writer per descriptor, shared by everything that writes there, so that no two lines can run into each other. */
export class LineWriter {
  readonly #fd: number;
  #queue: string[] = [];
  #waiting: Waiting[] = [];
  #logBytes = 0;
  #dropped = 0;
  #busy = false;
  #torn = false;
  #idle: (() => void)[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Resolves when the line is with the kernel; rejects when it could not be written. `line` has no newline. */
  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#push(`${line}\n`);
    });
  }

  /** Takes a log line, newline included. Never fails and never waits; may drop the line. */
  log(line: string): void {
    if (this.#logBytes + line.length > mostLogBytes) {
      this.#dropped += 1;
      return;
    }
    this.#logBytes += line.length;
    this.#push(line);
  }

  /** Resolves when everything taken so far is written or has failed. */
  drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #push(text: string): void {
    this.#queue.push(text);
    if (this.#busy) return;
    this.#busy = true;
    // What is written in the same turn goes out in one call.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#dropped > 0) {
      this.#queue.push(
        `${JSON.stringify({ level: 'warn', msg: 'log lines dropped', count: this.#dropped })}\n`,
      );
      this.#dropped = 0;
    }
    const batch = Buffer.from((this.#torn ? '\n' : '') + this.#queue.join(''));
    const waiting = this.#waiting;
    this.#queue = [];
    this.#waiting = [];
    this.#logBytes = 0;
    this.#writeAll(batch, 0, (error) => {
      for (const { resolve, reject } of waiting) error === null ? resolve() : reject(error);
      if (this.#queue.length > 0) return this.#flush();
      this.#busy = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  #writeAll(batch: Buffer, from: number, done: (error: Error | null) => void): void {
    write(this.#fd, batch, from, batch.length - from, null, (error, written) => {
      // A descriptor that somebody else made non-blocking answers EAGAIN when it is full.
      if (error?.code === 'EAGAIN') setTimeout(() => this.#writeAll(batch, from, done), retryMs);
      else if (error) {
        this.#torn = this.#torn || from > 0;
        done(error);
      } else if (from + written < batch.length) this.#writeAll(batch, from + written, done);
      else {
        this.#torn = false;
        done(null);
      }
    });
  }
}
