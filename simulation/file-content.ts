// What a file of the simulated disk holds: what programs see, and what a loss of power would leave of it.
import type { Stats } from 'node:fs';
import type { Random } from './random.ts';

export class FileContent {
  readonly inode: number;
  /** So many of its first bytes are of processes that have died. */
  ofDead = 0;
  /** Is its name durable? */
  isLinked = false;
  readonly #now: () => number;
  #changedAt: number;
  #buffer = Buffer.alloc(0);
  #size = 0;
  /** So many of its first bytes are durable. */
  #durable = 0;
  /** What was durable before it was cut, until that is durable as well. */
  #uncut: Buffer | undefined;
  /** A sync failed: what was written before it is lost, although later syncs succeed, unless it is written again. */
  #poisonedAt: number | undefined;

  /** `now`: milliseconds since the epoch. */
  constructor(inode: number, now: () => number) {
    this.inode = inode;
    this.#now = now;
    this.#changedAt = now();
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  get size(): number {
    return this.#size;
  }

  /** What would be there after a loss of power, at least. */
  get durableBytes(): Buffer {
    return this.#buffer.subarray(0, this.#durable);
  }

  /** A sync failed, and what it lost has not been written again. */
  get isPoisoned(): boolean {
    return this.#poisonedAt !== undefined;
  }

  append(bytes: Buffer): void {
    this.#changedAt = this.#now();
    if (this.#buffer.length < this.#size + bytes.length) {
      const larger = Buffer.alloc(2 * (this.#size + bytes.length));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#size);
    this.#size += bytes.length;
  }

  truncate(length: number): void {
    if (length < this.#durable) {
      this.#uncut ??= Buffer.from(this.durableBytes);
      this.#durable = length;
    }
    // What is written behind a cut goes to a new place, also in the cache.
    if (length < this.#size) this.#buffer = Buffer.from(this.bytes.subarray(0, length));
    this.#size = Math.min(this.#size, length);
    if (this.#poisonedAt !== undefined && length <= this.#poisonedAt) this.#poisonedAt = undefined;
  }

  /** `upTo`: how long it was when the sync began. */
  sync(upTo = this.#size): void {
    this.#uncut = undefined;
    this.#durable = this.#poisonedAt ?? Math.max(this.#durable, Math.min(upTo, this.#size));
  }

  /** The system has thrown away what it could not write, and will not say so again. */
  failSync(): void {
    if (this.#size > this.#durable) this.#poisonedAt ??= this.#durable;
  }

  losePower(random: Random): void {
    const left = this.#poisonedAt === undefined ? random.between(0, this.#size - this.#durable) : 0;
    const isCutLost = this.#uncut !== undefined && random.chance(0.5);
    this.#buffer = Buffer.from((isCutLost && this.#uncut) || this.#buffer.subarray(0, this.#durable + left));
    this.#size = this.#buffer.length;
    this.#durable = this.#size;
    this.#uncut = undefined;
    this.#poisonedAt = undefined;
  }

  /** As much as anybody asks for. */
  describe(): Stats {
    const size = this.#size;
    const mtimeMs = this.#changedAt;
    const found = { dev: 1, ino: this.inode, size, mtimeMs, mtimeNs: mtimeMs, isFile: () => true };
    return found as Partial<Stats> as Stats;
  }
}
