// Pseudo-random numbers from a seed: the same seed gives the same numbers on every machine.
import { hash } from 'node:crypto';

/** sfc32, a small generator that passes the usual statistical tests. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    const bytes = hash('sha256', seed, 'buffer');
    this.#a = bytes.readUInt32LE(0);
    this.#b = bytes.readUInt32LE(4);
    this.#c = bytes.readUInt32LE(8);
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** An independent generator. What one part of the world draws does not change what another part gets. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** From 0 up to, but without, 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number; both ends are included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.next() * values.length)] as Value;
  }

  /** Mostly short, sometimes long: milliseconds of a network or a disk. */
  latency(usual: number, rare: number): number {
    return this.chance(0.05) ? this.between(usual, rare) : this.between(0, usual);
  }

  /** A UUID of version 4 (RFC 9562). */
  uuid(): string {
    let digits = '';
    for (let part = 0; part < 4; part += 1)
      digits += Math.floor(this.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    const variant = '89ab'[Number.parseInt(digits[16] as string, 16) % 4];
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}
