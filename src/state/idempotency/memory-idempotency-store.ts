// Idempotency keys in this process's memory, for a single instance. Bounded: when the store is full, it refuses new keys rather
// than forget old ones.
import type { GatewayError } from '../../errors.ts';
import type { AnswerParts } from '../../net/passable-answer.ts';
import {
  type Acquired,
  type IdempotencyStore,
  idempotencyUnavailable,
  type KeyUse,
  withNewest,
} from './idempotency-store.ts';

interface Entry {
  readonly fingerprint: string;
  readonly expiresAt: number;
  readonly owner: string;
  /** Requests whose create may have been carried out, newest first. */
  readonly requests: readonly string[];
  readonly isRunning: boolean;
  readonly answered?: { readonly answer: AnswerParts; readonly creator: string };
}

export interface MemoryIdempotencyOptions {
  readonly ttlMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly maxEntries?: number;
  /** Of all stored bodies together. */
  readonly maxBytes?: number;
}

export class MemoryIdempotency implements IdempotencyStore {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** In the order in which they expire. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor({ ttlMs, now, maxEntries = 100_000, maxBytes = 64 * 1024 * 1024 }: MemoryIdempotencyOptions) {
    this.#ttlMs = ttlMs;
    this.#now = now;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  acquire({ key, fingerprint, owner }: KeyUse): Acquired {
    this.#forgetExpired();
    const found = this.#entries.get(key);
    if (found === undefined) {
      if (this.#entries.size >= this.#maxEntries || this.#bytes >= this.#maxBytes) throw full();
      this.#put(key, { fingerprint, owner, requests: [owner], isRunning: true });
      return { state: 'acquired' };
    }
    if (found.fingerprint !== fingerprint) return { state: 'another-request' };
    const { isRunning, requests, answered } = found;
    if (isRunning) return { state: 'running' };
    if (answered !== undefined) return { state: 'answered', ...answered };
    this.#put(key, { fingerprint, owner, requests, isRunning: true });
    return { state: 'acquired-indeterminate', requests };
  }

  resume(use: KeyUse): void {
    const held = this.#heldBy(use);
    if (held !== undefined) this.#put(use.key, { ...held, requests: withNewest(use.owner, held.requests) });
  }

  holds(use: KeyUse): boolean {
    return this.#heldBy(use) !== undefined;
  }

  release(use: KeyUse): void {
    if (this.#heldBy(use) !== undefined) this.#remove(use.key);
  }

  markIndeterminate(use: KeyUse): void {
    const held = this.#heldBy(use);
    if (held !== undefined) this.#put(use.key, { ...held, isRunning: false });
  }

  complete(use: KeyUse, answer: AnswerParts, creator: string): void {
    const held = this.#heldBy(use);
    if (held !== undefined) this.#put(use.key, { ...held, isRunning: false, answered: { answer, creator } });
  }

  #heldBy({ key, owner }: KeyUse): Entry | undefined {
    const found = this.#entries.get(key);
    return found?.isRunning && found.owner === owner ? found : undefined;
  }

  #put(key: string, entry: Omit<Entry, 'expiresAt'>): void {
    this.#remove(key);
    this.#entries.set(key, { ...entry, expiresAt: this.#now() + this.#ttlMs });
    this.#bytes += sizeOf(entry);
  }

  #remove(key: string): void {
    this.#bytes -= sizeOf(this.#entries.get(key));
    this.#entries.delete(key);
  }

  /** Keys of running requests do not expire. */
  #forgetExpired(): void {
    const now = this.#now();
    for (const [key, { expiresAt, isRunning }] of this.#entries) {
      if (expiresAt > now) return;
      if (!isRunning) this.#remove(key);
    }
  }
}

const sizeOf = (entry: Omit<Entry, 'expiresAt'> | undefined): number =>
  entry?.answered?.answer.body.length ?? 0;

/** Room comes only when keys expire. */
const full = (): GatewayError =>
  idempotencyUnavailable(new Error('the store for idempotency keys is full'), 60);
