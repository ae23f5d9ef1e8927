// Writes whole lines to a file descriptor. A slow reader never blocks the process or its exit. Audit lines have priority, are
// never dropped, and are acknowledged once the kernel has accepted them. Log lines are dropped and counted if the reader is slow.
import { fstatSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { LineBuffer } from './line-buffer.ts';

/** Bound on the queued log lines, in UTF-16 code units. */
const maxLogLength = 4 * 1024 * 1024;
/** Older log lines are dropped: a reader this far behind needs the newest. */
const maxLogAgeMs = 10_000;
/** UTF-16 code units in one write. A pipe accepts no more bytes at once, and new audit lines wait for the write. */
const maxBatchLength = 64 * 1024;
const retryMs = 10;

interface Line {
  /** Newline included. */
  readonly text: string;
  /** Called once, when the kernel has accepted the line or the write has failed. */
  readonly settle: (error: Error | null) => void;
}

interface LogLine extends Line {
  readonly since: number;
}

/** The rest of a partially written line. */
interface PartialLine {
  readonly rest: Buffer;
  /** `undefined`: the line has failed, and `rest` only terminates it. */
  readonly line: Line | undefined;
}

/** Everything that writes to a descriptor must share one writer, so that lines do not interleave. */
export class LineWriter {
  readonly #fd: number;
  readonly #now: () => number;
  /** Writes return at once, so they need no thread. */
  readonly #immediate: boolean;
  readonly #auditLines: Line[] = [];
  readonly #logLines: LogLine[] = [];
  readonly #buffer = new LineBuffer();
  #logLength = 0;
  #torn: PartialLine | undefined;
  #dropped = 0;
  /** How many of them have been reported in the log. */
  #droppedReported = 0;
  /** Since when the kernel has accepted nothing. */
  #waitingSince: number | undefined;
  #busy = false;
  #idle: (() => void)[] = [];

  /** `now`: monotonic milliseconds. */
  constructor(fd: number, now: () => number = () => performance.now()) {
    this.#fd = fd;
    this.#now = now;
    this.#immediate = makeImmediate(fd);
  }

  /** Resolves when the kernel has accepted the line. Rejects if the write fails. `line` has no newline. */
  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null) => (error === null ? resolve() : reject(error));
      this.#auditLines.push({ text: `${line}\n`, settle });
      this.#begin();
    });
  }

  /** Queues a log line, newline included, or drops it. Never throws and never waits. */
  log(line: string): void {
    if (this.#logLength + line.length > maxLogLength) {
      this.#dropped += 1;
      return;
    }
    this.#logLength += line.length;
    this.#logLines.push({ text: line, settle: this.#logSettled, since: this.#now() });
    this.#begin();
  }

  /** Number of log lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** For how many milliseconds the kernel has accepted nothing although lines wait. */
  blockedMs(): number {
    return this.#waitingSince === undefined ? 0 : this.#now() - this.#waitingSince;
  }

  /** Resolves when all queued lines are written, dropped or failed. */
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
    // All lines of one round of the event loop are written in one call.
    setImmediate(() => this.#writeNext());
  }

  /** One write: the rest of a torn line, else audit lines, else log lines. */
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
    const texts = lines.map(({ text }) => text);
    const batch = this.#buffer.encode(texts, '');
    this.#tryWrite(batch, (written) => {
      const begun = this.#advance(lines, batch, written);
      this.#remove(queue, notice === undefined ? begun : begun - 1);
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

  #advanceTorn({ rest, line }: PartialLine, written: number): void {
    this.#torn = written < rest.length ? { rest: rest.subarray(written), line } : undefined;
    if (this.#torn === undefined) line?.settle(null);
  }

  /** Returns how many lines were written at least in part. */
  #advance(lines: readonly Line[], batch: Buffer, written: number): number {
    if (written === batch.length) {
      for (const { settle } of lines) settle(null);
      return lines.length;
    }
    let start = 0;
    for (const [index, line] of lines.entries()) {
      if (start === written) return index;
      const end = start + Buffer.byteLength(line.text);
      if (end > written) {
        this.#torn = { rest: Buffer.from(batch.subarray(written, end)), line };
        return index + 1;
      }
      line.settle(null);
      start = end;
    }
    return lines.length;
  }

  #remove(queue: Line[], count: number): void {
    const gone = queue.splice(0, count);
    if (queue === this.#logLines) for (const { text } of gone) this.#logLength -= text.length;
  }

  #dropOldLogLines(): void {
    const oldest = this.#now() - maxLogAgeMs;
    const fresh = this.#logLines.findIndex(({ since }) => since >= oldest);
    const count = fresh === -1 ? this.#logLines.length : fresh;
    this.#remove(this.#logLines, count);
    this.#dropped += count;
  }

  /** Written before the next log lines, in place of the dropped ones. */
  #noticeOfDropped(): Line | undefined {
    const dropped = this.#dropped;
    const count = dropped - this.#droppedReported;
    if (count === 0) return undefined;
    return {
      text: `${JSON.stringify({ level: 'warn', msg: 'log lines dropped', count })}\n`,
      settle: (error) => {
        if (error === null) this.#droppedReported = dropped;
      },
    };
  }

  /** Also rejects audit lines that were not tried: they must not follow a missing one. */
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

/** The first line, and as many more as fit into `maxLength`. */
function firstLines(queue: readonly Line[], maxLength: number): Line[] {
  let length = 0;
  const end = queue.findIndex(({ text }, index) => {
    length += text.length;
    return index > 0 && length > maxLength;
  });
  return queue.slice(0, end === -1 ? undefined : end);
}

/**
 * Makes writes return at once if possible, and says whether they do. A write to a full pipe would occupy a thread, and a process
 * cannot exit before its threads. Node has no call for non-blocking mode, but creating a socket on the descriptor enables it.
 * Files need no such mode: the kernel buffers the writes.
 */
function makeImmediate(fd: number): boolean {
  const stat = fstatSync(fd);
  const nonBlocking = stat.isFIFO() || stat.isSocket();
  if (nonBlocking) new Socket({ fd, readable: false, writable: true });
  return nonBlocking || stat.isFile();
}
