// The standard output of a simulated machine's gateways: a pipe, and whoever reads it. What the pipe took is kept by the reader; a
// line that its writer never finished is not.
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export class StandardOutput {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #taken: (line: string) => void;
  /** Whole lines, of all runs. */
  readonly lines: string[] = [];
  #begun = Buffer.alloc(0);
  /** The reader takes nothing until then. */
  blockedUntil = 0;
  /** Writes that will be taken in part. */
  writesToCut = 0;
  /** Writes that will fail. */
  writesToFail = 0;

  constructor(schedule: Schedule, random: Random, taken: (line: string) => void) {
    this.#schedule = schedule;
    this.#random = random;
    this.#taken = taken;
  }

  /** At once, as a pipe in non-blocking mode. Throws `EAGAIN` while the pipe is full. */
  write(bytes: Buffer): number {
    if (this.blockedUntil > this.#schedule.now) throw failure('EAGAIN');
    if (this.writesToFail > 0) {
      this.writesToFail -= 1;
      throw failure('EIO');
    }
    const isCut = this.writesToCut > 0 && bytes.length > 1;
    if (isCut) this.writesToCut -= 1;
    const length = isCut ? this.#random.between(1, bytes.length - 1) : bytes.length;
    this.#take(Buffer.concat([this.#begun, bytes.subarray(0, length)]));
    return length;
  }

  loseProcess(): void {
    this.#begun = Buffer.alloc(0);
  }

  #take(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      const line = bytes.subarray(start, end).toString();
      this.lines.push(line);
      this.#taken(line);
      start = end + 1;
    }
    this.#begun = Buffer.from(bytes.subarray(start));
  }
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: write`), { code });
