// Cuts a log into segments: runs of records in which each holds the hash of the one before. A whole log is one segment for
// each chain in it. Constant memory, for any number of records and a bounded number of segments.
import type { Head } from './chain.ts';
import type { Link } from './found-record.ts';

/** Where a line stands. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Counts the records of all files, from 1. */
  readonly index: number;
}

export type LinkedRecord = Head & Link & { readonly place: Place };

export interface Segment {
  readonly first: LinkedRecord;
  last: LinkedRecord;
  count: number;
  /** The first record follows one that another record follows, too. */
  readonly forkAt: number | undefined;
}

/** One record that cannot be what the gateway wrote, whatever stands around it. */
export interface OddRecord {
  readonly kind: 'copy' | 'wrong-number';
  readonly record: LinkedRecord;
  readonly expected: number;
}

/** So far back a hash is remembered: for copies, forks, and what a checkpoint signs. */
const mostKnown = 20_000;
const mostSegments = 10_000;

export class Segments {
  readonly all: Segment[] = [];
  readonly odd: OddRecord[] = [];
  readonly #byEnd = new Map<string, Segment>();
  readonly #known = new Map<string, number>();
  #overflowed = false;

  /** Takes the records of all files in their order. Gives the segment that the record is in; a copy is in none. */
  take(record: LinkedRecord): Segment | undefined {
    const copied = this.#known.get(record.hash);
    if (copied !== undefined) {
      if (this.odd.length < mostSegments) this.odd.push({ kind: 'copy', record, expected: copied });
      return undefined;
    }
    const extended = this.#byEnd.get(record.previous);
    const segment = extended === undefined ? this.#begin(record) : this.#extend(extended, record);
    this.#know(record);
    return segment;
  }

  /** The number of a record by its hash, if it is not too far back. */
  sequenceOf(hash: string): number | undefined {
    return this.#known.get(hash);
  }

  /** There were more segments than are listed. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  #begin(record: LinkedRecord): Segment | undefined {
    if (this.all.length >= mostSegments) {
      this.#overflowed = true;
      return undefined;
    }
    const forkAt = this.#known.get(record.previous);
    const segment: Segment = { first: record, last: record, count: 1, forkAt };
    this.all.push(segment);
    this.#byEnd.set(record.hash, segment);
    return segment;
  }

  #extend(segment: Segment, record: LinkedRecord): Segment {
    const expected = segment.last.sequence + 1;
    if (record.sequence !== expected) this.odd.push({ kind: 'wrong-number', record, expected });
    this.#byEnd.delete(segment.last.hash);
    segment.last = { ...record, sequence: expected };
    segment.count += 1;
    this.#byEnd.set(record.hash, segment);
    return segment;
  }

  #know({ hash, sequence }: LinkedRecord): void {
    this.#known.set(hash, sequence);
    if (this.#known.size <= mostKnown) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}
