// Writes whole lines to a file descriptor, in order; no reader ever blocks the process or its end. Audit lines are never
// dropped and say when the kernel has taken them; log lines give way when their reader does not keep up.
import { fstatSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Log lines that wait while the reader is stuck; what comes after that is counted and dropped. */
const mostLogBytes = 4 * 1024 * 1024;
const retryMs = 10;

interface Line {
  /** Newline included. */
  readonly text: string;
  /** Only an audit line has somebody who waits for it. */
  readonly waiting?: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  /** How many log lines are lost with it. */
  readonly logLines: number;
}

/** One writer per descriptor, shared by everything that writes there, so that no two lines can run into each other. */
export class LineWriter {
  readonly #fd: number;
  /** Writing returns at once, so that no thread has to do it. */
  readonly #immediate: boolean;
  #queue: Line[] = [];
  #logBytes = 0;
  #dropped = 0;
  #busy = false;
  #torn = false;
  #idle: (() => void)[] = [];

  constructor(fd: number) {
    this.#fd = fd;
    this.#immediate = makeImmediate(fd);
  }

  /** Resolves when the line is with the kernel; rejects when it could not be written. `line` has no newline. */
  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#push({ text: `${line}\n`, waiting: { resolve, reject }, logLines: 0 });
    });
  }

  /** Takes a log line, newline included. Never fails and never waits; may drop the line. */
  log(line: string): void {
    if (this.#logBytes + line.length > mostLogBytes) {
      this.#dropped += 1;
      return;
    }
    this.#logBytes += line.length;
    this.#push({ text: line, logLines: 1 });
  }

  /** Resolves when everything taken so far is written or has failed. */
  drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #push(line: Line): void {
    this.#queue.push(line);
    if (this.#busy) return;
    this.#busy = true;
    // What is written in the same round of the event loop goes out in one call.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#dropped > 0) this.#queue.push(noticeOf(this.#dropped));
    const lines = this.#queue;
    this.#queue = [];
    this.#logBytes = 0;
    this.#dropped = 0;
    const batch = Buffer.from((this.#torn ? '\n' : '') + lines.map(({ text }) => text).join(''));
    this.#writeAll(batch, 0, (error, written) => {
      if (error === null) for (const { waiting } of lines) waiting?.resolve();
      else this.#fail(lines, batch, written, error);
      if (this.#queue.length > 0) return this.#flush();
      this.#busy = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /**
   * Lines that went out whole before the error are written. Audit lines behind it are rejected even if they were not
   * tried: they must not come before the one that is missing.
   */
  #fail(lines: readonly Line[], batch: Buffer, written: number, error: Error): void {
    let end = this.#torn ? 1 : 0;
    for (const { text, waiting, logLines } of lines) {
      end += Buffer.byteLength(text);
      if (end <= written) waiting?.resolve();
      else {
        waiting?.reject(error);
        this.#dropped += logLines;
      }
    }
    if (written > 0) this.#torn = batch[written - 1] !== newline;
    for (const { waiting } of this.#queue) waiting?.reject(error);
    this.#queue = this.#queue.filter(({ waiting }) => waiting === undefined);
  }

  #write(batch: Buffer, from: number, done: Written): void {
    if (!this.#immediate) {
      write(this.#fd, batch, from, batch.length - from, null, done);
      return;
    }
    let written = 0;
    try {
      written = writeSync(this.#fd, batch, from);
    } catch (error) {
      done(error as NodeJS.ErrnoException, 0);
      return;
    }
    done(null, written);
  }

  #writeAll(batch: Buffer, from: number, done: (error: Error | null, written: number) => void): void {
    this.#write(batch, from, (error, written) => {
      // The reader does not keep up.
      if (error?.code === 'EAGAIN') setTimeout(() => this.#writeAll(batch, from, done), retryMs);
      else if (error) done(error, from);
      else if (from + written < batch.length) this.#writeAll(batch, from + written, done);
      else {
        this.#torn = false;
        done(null, batch.length);
      }
    });
  }
}

const newline = 0x0a;
type Written = (error: NodeJS.ErrnoException | null, written: number) => void;

const noticeOf = (count: number): Line => ({
  text: `${JSON.stringify({ level: 'warn', msg: 'log lines dropped', count })}\n`,
  logLines: count,
});

/**
 * A write to a full pipe would hold a thread, and a process cannot end before its threads have. Node has no call for
 * non-blocking mode; making a stream of the descriptor switches it on. A file has no such mode and needs none: the kernel
 * takes what is written to it into memory. Says whether writing returns at once.
 */
function makeImmediate(fd: number): boolean {
  const stat = fstatSync(fd);
  const nonBlocking = stat.isFIFO() || stat.isSocket();
  if (nonBlocking) new Socket({ fd, readable: false, writable: true });
  return nonBlocking || stat.isFile();
}
