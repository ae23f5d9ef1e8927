// Collects what is wrong with a log whatever stands around it: copies of records, wrong numbers, and stretches that stand
// in another order than they were written in. A bounded number of them, each act once.
import type { LinkedRecord, Place } from './linked-record.ts';
import type { Segment } from './segments.ts';

/** Records that stand together. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly place: Place;
}

export interface Copies {
  readonly kind: 'copies';
  readonly from: number;
  to: number;
  readonly place: Place;
  /** The last one that has been met, which counts the originals when the copies came first. */
  met: { readonly sequence: number; readonly index: number };
}

export interface WrongNumber {
  readonly kind: 'wrong-number';
  readonly record: LinkedRecord;
  readonly expected: number;
}

/** `early` stands before the end of `late`, though it follows it. */
export interface OutOfOrder {
  readonly kind: 'out-of-order';
  readonly early: Stretch;
  /** Unless the records before the end of it stand where they should. */
  readonly late: Stretch | undefined;
  readonly end: LinkedRecord;
}

export type Oddity = Copies | WrongNumber | OutOfOrder;

const mostOddities = 10_000;

export class Oddities {
  readonly all: Oddity[] = [];
  /** Hashes of records that carry a wrong number. */
  readonly misnumbered = new Set<string>();
  #overflowed = false;

  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** `record` is there already, as number `sequence`. */
  copy({ place }: LinkedRecord, sequence: number): void {
    const met = { sequence, index: place.index };
    const last = this.all.at(-1);
    if (last?.kind === 'copies' && follows(met, last.met)) {
      last.met = met;
      last.to = Math.max(last.to, sequence);
    } else if (last?.kind === 'out-of-order' && isOriginal(last, met)) {
      // What seemed to have been moved is still there: it was copied to an earlier place.
      this.all[this.all.length - 1] = { ...last.early, kind: 'copies', met };
    } else {
      this.#add({ kind: 'copies', from: sequence, to: sequence, place, met });
    }
  }

  wrongNumber(record: LinkedRecord, expected: number): void {
    this.misnumbered.add(record.hash);
    this.#add({ kind: 'wrong-number', record, expected });
  }

  outOfOrder(front: Segment, back: Segment): void {
    const { first, last: end, resumed } = front;
    const begun = back.first.place.index;
    let from: LinkedRecord | undefined;
    if (first.place.index > begun) from = first;
    else if (resumed !== undefined && resumed.after < begun) from = resumed.at;
    const late = from && { from: from.sequence, to: end.sequence, place: from.place };
    const early = { from: back.first.sequence, to: back.last.sequence, place: back.first.place };
    this.#add({ kind: 'out-of-order', early, late, end });
    if (back.first.sequence !== end.sequence + 1) this.wrongNumber(back.first, end.sequence + 1);
  }

  #add(oddity: Oddity): void {
    if (this.all.length < mostOddities) this.all.push(oddity);
    else this.#overflowed = true;
  }
}

type Met = Copies['met'];

const follows = (met: Met, last: Met): boolean =>
  met.sequence === last.sequence + 1 && met.index === last.index + 1;

const isOriginal = ({ early, end }: OutOfOrder, met: Met): boolean =>
  met.sequence === early.from && met.index === end.place.index + 1;
