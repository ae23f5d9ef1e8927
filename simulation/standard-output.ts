// The standard output of a simulated gateway, and whoever reads it. A line that was taken is kept by the reader.
import type { AuditSink } from '../src/audit/log/trail.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export class StandardOutput {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #taken: (line: string) => void;
  readonly lines: string[] = [];
  #waiting: { readonly line: string; readonly resolve: () => void }[] = [];
  #isWriting = false;
  #blockedSince: number | undefined;
  blockedUntil = 0;

  constructor(schedule: Schedule, random: Random, taken: (line: string) => void) {
    this.#schedule = schedule;
    this.#random = random;
    this.#taken = taken;
  }

  sinkOf(owner: SimulatedProcess): AuditSink {
    return {
      write: (line) =>
        new Promise((resolve) => {
          this.#waiting.push({ line, resolve });
          this.#writeNext(owner);
        }),
      blockedMs: () => (this.#blockedSince === undefined ? 0 : this.#schedule.now - this.#blockedSince),
    };
  }

  /** Everything that was to be written is written. */
  get isDrained(): boolean {
    return this.#waiting.length === 0;
  }

  loseProcess(): void {
    this.#waiting = [];
    this.#isWriting = false;
    this.#blockedSince = undefined;
  }

  /** One line after the other, as a pipe takes them. */
  #writeNext(owner: SimulatedProcess): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#isWriting) return;
    this.#isWriting = true;
    this.#blockedSince ??= this.#schedule.now;
    const delayMs = Math.max(this.blockedUntil - this.#schedule.now, 0) + this.#random.between(0, 2);
    this.#schedule.later(owner, delayMs, 'stdout takes a line', () => {
      this.#isWriting = false;
      if (this.blockedUntil > this.#schedule.now) {
        this.#writeNext(owner);
        return;
      }
      this.#waiting.shift();
      this.lines.push(next.line);
      this.#taken(next.line);
      this.#blockedSince = undefined;
      next.resolve();
      this.#writeNext(owner);
    });
  }
}
