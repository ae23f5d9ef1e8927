// Writes whole lines to a file descriptor; no reader ever blocks the process or its end. Audit lines go first, are never
// dropped, and say when the kernel has taken them. Log lines give way when their reader does not keep up, and are counted.
import { fstatSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** UTF-16 code units of log lines that wait for a slow reader. */
const maxLogLength = 4 * 1024 * 1024;
/** Log lines that have waited for longer are dropped: a reader that has fallen so far behind needs the news. */
const maxLogAgeMs = 10_000;
/** UTF-16 code units in one write. A pipe takes no more bytes than that, and new audit lines wait until it is done. */
const maxBatchLength = 64 * 1024;
const retryMs = 10;

interface Line {
  /** Newline included. */
  readonly text: string;
  /** Is called once: the kernel has taken the line, or never will. */
  readonly settle: (error: Error | null) => void;
}

interface LogLine extends Line {
  readonly since: number;
}

/** What is left of a line that was written in part. */
interface TornLine {
  readonly rest: Buffer;
  /** `undefined`: the line has failed, and `rest` only ends it. */
  readonly line: Line | undefined;
}

/** One writer per descriptor, shared by everything that writes there, so that no two lines can run into each other. */
export class LineWriter {
  readonly #fd: number;
  readonly #now: () => number;
  /** Writing returns at once, so that no thread has to do it. */
  readonly #immediate: boolean;
  readonly #auditLines: Line[] = [];
  readonly #logLines: LogLine[] = [];
  #logLength = 0;
  #torn: TornLine | undefined;
  #dropped = 0;
  /** How many of them a line in the log has told of. */
  #droppedTold = 0;
  /** Since when the kernel has been asked to take something. */
  #waitingSince: number | undefined;
  #busy = false;
  #idle: (() => void)[] = [];

  /** `now`: monotonic milliseconds. */
  constructor(fd: number, now: () => number = () => performance.now()) {
    this.#fd = fd;
    this.#now = now;
    this.#immediate = makeImmediate(fd);
  }

  /** Resolves when the line is with the kernel; rejects when it could not be written. `line` has no newline. */
  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null) => (error === null ? resolve() : reject(error));
      this.#auditLines.push({ text: `${line}\n`, settle });
      this.#begin();
    });
  }

  /** Takes a log line, newline included. Never fails and never waits; may drop the line. */
  log(line: string): void {
    if (this.#logLength + line.length > maxLogLength) {
      this.#dropped += 1;
      return;
    }
    this.#logLength += line.length;
    this.#logLines.push({ text: line, settle: this.#logSettled, since: this.#now() });
    this.#begin();
  }

  /** Log lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** For how many milliseconds something has waited, and nothing was taken. */
  blockedMs(): number {
    return this.#waitingSince === undefined ? 0 : this.#now() - this.#waitingSince;
  }

  /** Resolves when everything taken so far is written, dropped or has failed. */
  drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  readonly #logSettled = (error: Error | null): void => {
    if (error !== null) this.#dropped += 1;
  };

  #begin(): void {
    if (this.#busy) return;
    this.#busy = true;
    // What is written in the same round of the event loop goes out in one call.
    setImmediate(() => this.#writeNext());
  }

  /** One write: the rest of a line that was begun, or else audit lines, or else log lines. Chosen anew for each try. */
  #writeNext(): void {
    const audit = this.#auditLines.length > 0;
    if (!audit) this.#dropOldLogLines();
    const queue = audit ? this.#auditLines : this.#logLines;
    const notice = audit ? undefined : this.#noticeOfDropped();
    const torn = this.#torn;
    if (torn?.line === undefined && queue.length === 0 && notice === undefined) this.#end();
    else if (torn !== undefined) this.#tryWrite(torn.rest, (written) => this.#advanceTorn(torn, written));
    else this.#writeLines(queue, notice);
  }

  #writeLines(queue: Line[], notice: Line | undefined): void {
    const lines = firstLines(queue, maxBatchLength);
    if (notice !== undefined) lines.unshift(notice);
    const batch = Buffer.from(lines.map(({ text }) => text).join(''));
    this.#tryWrite(batch, (written) => {
      const begun = this.#advance(lines, batch, written);
      this.#forget(queue, notice === undefined ? begun : begun - 1);
    });
  }

  #tryWrite(bytes: Buffer, advance: (written: number) => void): void {
    this.#waitingSince ??= this.#now();
    this.#write(bytes, (error, written) => {
      if (error?.code === 'EAGAIN') {
        // The reader does not keep up.
        setTimeout(() => this.#writeNext(), retryMs);
        return;
      }
      this.#waitingSince = undefined;
      if (error !== null) {
        this.#fail(error);
        return;
      }
      advance(written);
      this.#writeNext();
    });
  }

  #write(bytes: Buffer, done: Written): void {
    if (!this.#immediate) {
      write(this.#fd, bytes, 0, bytes.length, null, done);
      return;
    }
    let written = 0;
    try {
      written = writeSync(this.#fd, bytes);
    } catch (error) {
      done(error as NodeJS.ErrnoException, 0);
      return;
    }
    done(null, written);
  }

  #advanceTorn({ rest, line }: TornLine, written: number): void {
    this.#torn = written < rest.length ? { rest: rest.subarray(written), line } : undefined;
    if (this.#torn === undefined) line?.settle(null);
  }

  /** Says of how many lines at least the beginning was written. */
  #advance(lines: readonly Line[], batch: Buffer, written: number): number {
    let start = 0;
    for (const [index, line] of lines.entries()) {
      if (start === written) return index;
      const end = start + Buffer.byteLength(line.text);
      if (end > written) {
        this.#torn = { rest: batch.subarray(written, end), line };
        return index + 1;
      }
      line.settle(null);
      start = end;
    }
    return lines.length;
  }

  #forget(queue: Line[], count: number): void {
    const gone = queue.splice(0, count);
    if (queue === this.#logLines) for (const { text } of gone) this.#logLength -= text.length;
  }

  #dropOldLogLines(): void {
    const oldest = this.#now() - maxLogAgeMs;
    const fresh = this.#logLines.findIndex(({ since }) => since >= oldest);
    const count = fresh === -1 ? this.#logLines.length : fresh;
    this.#forget(this.#logLines, count);
    this.#dropped += count;
  }

  /** Comes before the next log lines, since those that were dropped would have. */
  #noticeOfDropped(): Line | undefined {
    const dropped = this.#dropped;
    const count = dropped - this.#droppedTold;
    if (count === 0) return undefined;
    return {
      text: `${JSON.stringify({ level: 'warn', msg: 'log lines dropped', count })}\n`,
      settle: (error) => {
        if (error === null) this.#droppedTold = dropped;
      },
    };
  }

  /** Audit lines are rejected even if they were not tried: they must not come before the one that is missing. */
  #fail(error: Error): void {
    const torn = this.#torn;
    if (torn !== undefined) this.#torn = { rest: Buffer.from('\n'), line: undefined };
    torn?.line?.settle(error);
    for (const { settle } of this.#auditLines.splice(0)) settle(error);
    for (const { settle } of this.#logLines.splice(0)) settle(error);
    this.#logLength = 0;
    this.#end();
  }

  #end(): void {
    this.#busy = false;
    this.#waitingSince = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

type Written = (error: NodeJS.ErrnoException | null, written: number) => void;

/** The first one, and as many behind it as are not longer together. */
function firstLines(queue: readonly Line[], maxLength: number): Line[] {
  let length = 0;
  const end = queue.findIndex(({ text }, index) => {
    length += text.length;
    return index > 0 && length > maxLength;
  });
  return queue.slice(0, end === -1 ? undefined : end);
}

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
