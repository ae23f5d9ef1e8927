// Cuts a log into segments: runs of records in which each holds the hash of the one before, joined again when they stand
// in another order than they were written in. A whole log is one segment for each chain in it. Constant memory.
import { beforeFirst, type Head } from '../log/chain.ts';
import type { LinkedRecord, Place } from './linked-record.ts';
import { Oddities } from './oddities.ts';
import { Recent } from './recent.ts';

export interface Segment {
  readonly first: LinkedRecord;
  /** With the number that it should have. */
  last: LinkedRecord;
  count: number;
  /** The number that the last record carries. */
  claimed: number;
  /** Where it last went on behind records of other segments, and behind which of its own. */
  resumed: { readonly at: LinkedRecord; readonly after: number } | undefined;
  /** The first record follows one that another record follows, too. */
  readonly fork: Fork | undefined;
  /** A chain that has begun before, word for word. */
  readonly copied: boolean;
  /** The segment that this one turned out to be the end of. */
  partOf: Segment | undefined;
}

export interface Fork {
  /** The record that both follow. */
  readonly sequence: number;
  readonly parent: Segment;
  /** Where the other branch begins. */
  readonly branch: Place;
}

interface Known {
  readonly sequence: number;
  readonly segment: Segment;
  /** The record that follows. */
  next: Place | undefined;
}

/** So far back a record is remembered: for copies, forks, and what a checkpoint signs. */
const leastKnown = 10_000;
const mostBroken = 10_000;
/** One for each start of a gateway that writes to standard output. */
const mostSegments = 100_000;

export class Segments {
  readonly odd = new Oddities();
  readonly #after: Head;
  readonly #onJoin: (front: Segment, back: Segment) => void;
  readonly #all: Segment[] = [];
  readonly #byEnd = new Map<string, Segment>();
  /** By the hash of the record that they follow, which has not come yet. */
  readonly #waiting = new Map<string, Segment>();
  readonly #beginnings = new Set<string>();
  readonly #known = new Recent<Known>(leastKnown);
  #continued: Segment | undefined;
  #broken = 0;
  #overflowed = false;

  /** `after`: the record that the log is known to go on from. `onJoin`: `back` is a part of `front` from now on. */
  constructor(after: Head, onJoin: (front: Segment, back: Segment) => void = () => undefined) {
    this.#after = after;
    this.#onJoin = onJoin;
  }

  /** In the order in which they begin. */
  get all(): readonly Segment[] {
    return this.#all;
  }

  /** There were more segments than are listed. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The segment that goes on from the record that was given. */
  get continued(): Segment | undefined {
    return this.#continued;
  }

  /** Takes the records of all files in their order. Gives the segment that the record is in; a copy is in none. */
  take(record: LinkedRecord): Segment | 'copy' | undefined {
    const known = this.#known.get(record.hash);
    if (known !== undefined) {
      this.odd.copy(record, known.sequence);
      return 'copy';
    }
    const before = this.#byEnd.get(record.previous);
    const segment = before === undefined ? this.#begin(record) : this.#extend(before, record);
    if (segment === undefined) return undefined;
    this.#known.set(record.hash, { sequence: segment.last.sequence, segment, next: undefined });
    // A chain that is read a second time must not take over where the first one goes on.
    if (!this.#byEnd.has(record.hash)) this.#byEnd.set(record.hash, segment);
    this.#join(segment);
    return segment;
  }

  /** The number of a record of this segment by its hash, if it is not too far back. */
  sequenceIn(segment: Segment, hash: string): number | undefined {
    const known = this.#known.get(hash);
    return known !== undefined && wholeOf(known.segment) === segment ? known.sequence : undefined;
  }

  #begin(record: LinkedRecord): Segment | undefined {
    const start = [beforeFirst, this.#after].find(({ hash }) => hash === record.previous);
    const fork = this.#forkAt(record.previous);
    const whole = start !== undefined && fork === undefined;
    this.#broken += whole ? 0 : 1;
    if (this.#broken > mostBroken || this.#all.length >= mostSegments) {
      this.#overflowed = true;
      return undefined;
    }
    const first = whole ? { ...record, sequence: start.sequence + 1 } : record;
    if (first.sequence !== record.sequence) this.odd.wrongNumber(record, first.sequence);
    const segment: Segment = {
      first,
      last: first,
      count: 1,
      claimed: record.sequence,
      resumed: undefined,
      fork,
      copied: whole && this.#beginnings.has(record.hash),
      partOf: undefined,
    };
    this.#all.push(segment);
    if (whole) {
      this.#beginnings.add(record.hash);
      if (start.sequence > 0) this.#continued = segment;
    } else if (fork === undefined && !this.#waiting.has(record.previous)) {
      this.#waiting.set(record.previous, segment);
    }
    return segment;
  }

  /** Of a record with this `previous`. */
  #forkAt(previous: string): Fork | undefined {
    const parent = this.#continued;
    if (parent !== undefined && previous === this.#after.hash)
      return { sequence: this.#after.sequence, parent, branch: parent.first.place };
    const known = this.#known.get(previous);
    if (known?.next === undefined) return undefined;
    return { sequence: known.sequence, parent: wholeOf(known.segment), branch: known.next };
  }

  #extend(segment: Segment, record: LinkedRecord): Segment {
    const { last } = segment;
    // Whoever cut records out and made the hashes anew has left one jump in the numbers, not one at every record.
    const sequence = record.sequence === segment.claimed + 1 ? record.sequence : last.sequence + 1;
    if (record.sequence !== sequence) this.odd.wrongNumber(record, sequence);
    if (record.place.index !== last.place.index + 1)
      segment.resumed = { at: record, after: last.place.index };
    const known = this.#known.get(last.hash);
    if (known !== undefined) known.next = record.place;
    this.#byEnd.delete(last.hash);
    segment.last = { ...record, sequence };
    segment.claimed = record.sequence;
    segment.count += 1;
    return segment;
  }

  /** The record that a segment waited for has come: what follows it stands before it. */
  #join(front: Segment): void {
    const end = front.last;
    const back = this.#waiting.get(end.hash);
    if (back === undefined || back === front) return;
    this.#waiting.delete(end.hash);
    this.odd.outOfOrder(front, back);
    const known = this.#known.get(end.hash);
    if (known !== undefined) known.next = back.first.place;
    this.#byEnd.delete(end.hash);
    this.#byEnd.set(back.last.hash, front);
    front.last = back.last;
    front.claimed = back.claimed;
    front.count += back.count;
    front.resumed = undefined;
    back.partOf = front;
    this.#all.splice(this.#all.indexOf(back), 1);
    this.#onJoin(front, back);
  }
}

/** Is this where a chain begins, or where it is known to go on? */
export const begins = ({ first, fork, copied }: Segment, after: Head): boolean =>
  fork === undefined && !copied && (first.previous === beforeFirst.hash || first.previous === after.hash);

function wholeOf(segment: Segment): Segment {
  let whole = segment;
  while (whole.partOf !== undefined) whole = whole.partOf;
  return whole;
}
