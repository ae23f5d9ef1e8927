// Says of each segment that does not begin as a chain does why that is so, by what stands around it. Numbers, instances and
// times are what records say of themselves: they decide which words are used, never whether there is a break.

import type { Head } from '../log/chain.ts';
import {
  type Draft,
  describeChanged,
  describeInserted,
  describeMissing,
  numberIn,
  type Range,
  records,
  stand,
} from './breaks.ts';
import type { LinkedRecord } from './linked-record.ts';
import { begins, type Fork, type Segment } from './segments.ts';

/** Where the log, or the chain of one instance, has got to. */
interface Tip {
  readonly segment: Segment | undefined;
  readonly sequence: number;
  /** The break that has been reported at this very record, and that explains what does not fit behind it. */
  readonly reported?: Draft | 'elsewhere' | undefined;
}

export class SegmentJudge {
  readonly drafts: Draft[] = [];
  /** Those that another one goes on from, behind a break. */
  readonly followed = new Set<Segment>();
  readonly #after: Head;
  readonly #misnumbered: ReadonlySet<string>;
  readonly #tips = new Map<string, Tip>();
  #latest: Tip | undefined;

  constructor(after: Head, misnumbered: ReadonlySet<string>) {
    this.#after = after;
    this.#misnumbered = misnumbered;
  }

  /** Takes all segments in their order. */
  take(segment: Segment, all: readonly Segment[], index: number): void {
    if (begins(segment, this.#after)) {
      this.#goOn(segment);
      return;
    }
    const range = { from: segment.first.sequence, to: segment.last.sequence };
    if (segment.copied) {
      const describe = () => `A copy of the chain up to record ${range.to} was put in.`;
      this.drafts.push({ kind: 'inserted', place: segment.first.place, ...range, describe });
      return;
    }
    const tip = this.#tipFor(segment);
    if (this.#isAside(segment, tip, all[index + 1])) {
      this.#report('inserted', segment.first, range, describeInserted);
    } else if (segment.fork !== undefined) {
      this.#judgeFork(segment, segment.fork);
    } else if (tip === undefined) {
      this.#judgeBeginning(segment);
    } else {
      const next = all.slice(index + 1, index + 50).find((later) => !begins(later, this.#after));
      this.#judgeGap(segment, tip, next);
    }
  }

  /** What the segment should have gone on from; nothing when its chain seems to have another beginning. */
  #tipFor({ first, fork }: Segment): Tip | undefined {
    if (fork !== undefined) return { segment: fork.parent, sequence: fork.parent.last.sequence };
    const own = this.#tips.get(first.reporter);
    if (own !== undefined) return own;
    if (this.#latest === undefined) return { segment: undefined, sequence: this.#after.sequence };
    // A file goes on under another instance when the gateway is moved; what stands between its lines is not meant.
    const { segment, sequence } = this.#latest;
    const surrounded = segment !== undefined && segment.last.place.index > first.place.index;
    return !surrounded && (first.sequence === 0 || first.sequence > sequence) ? this.#latest : undefined;
  }

  /** Does the log go on around it, or begin behind it, as if it were not there? */
  #isAside({ first, last, count }: Segment, tip: Tip | undefined, next: Segment | undefined): boolean {
    const around = (tip ?? this.#latest)?.segment;
    if (around !== undefined)
      return around.last.place.index > last.place.index && (tip !== undefined || count === 1);
    const begun = next !== undefined && begins(next, this.#after);
    return count === 1 && begun && next.first.place.index === first.place.index + 1;
  }

  /** Two records follow the same one. The shorter branch was put in, or is what is left of the true one. */
  #judgeFork(segment: Segment, { sequence, parent, branch }: Fork): void {
    const length = parent.last.sequence - sequence;
    const shorter = length <= segment.count;
    const describe = (range: Range) =>
      `${records(range)} ${range.from === range.to ? 'is' : 'are'} one of two different continuations of record ${sequence}; one was put in.`;
    const range = { from: sequence + 1, to: sequence + (shorter ? length : segment.count) };
    const place = shorter ? branch : segment.first.place;
    this.drafts.push({ kind: 'inserted', place, ...range, describe });
    if (shorter) this.#goOn(segment, { from: { segment: parent, sequence } });
  }

  /** It begins with record 1, or with what is left behind it. */
  #judgeBeginning(segment: Segment): void {
    const { first } = segment;
    if (first.sequence <= 1) {
      const draft = this.#report('changed', first, { from: 1, to: 1 }, describeChanged);
      this.#goOn(segment, { reported: segment.count === 1 ? draft : undefined });
      return;
    }
    this.#report('missing', first, { from: 1, to: first.sequence - 1 }, describeMissing);
    this.#goOn(segment);
  }

  #judgeGap(segment: Segment, tip: Tip, next: Segment | undefined): void {
    const { first, last, count } = segment;
    const expected = tip.sequence + 1;
    const fills = count === 1 && next?.first.sequence === expected + 1;
    if (fills || first.sequence === expected || first.sequence === 0) {
      this.#judgeChange(segment, tip, fills);
    } else if (first.sequence > expected) {
      this.#report('missing', first, { from: expected, to: first.sequence - 1 }, describeMissing);
      this.#goOn(segment, { from: tip });
    } else if (tip.segment === undefined || first.time < tip.segment.last.time) {
      const range = { from: first.sequence, to: last.sequence };
      const describe = (found: Range) =>
        `${records(found)} ${stand(found)} behind record ${tip.sequence}, and not behind the one before.`;
      this.#report('out-of-order', first, range, describe);
      this.#goOn(segment, { from: tip });
    } else {
      this.#judgeBeginning(segment);
    }
  }

  /** The numbers go on and the hashes do not: the record before this one is not what it was, or this one is not. */
  #judgeChange(segment: Segment, tip: Tip, fills: boolean): void {
    const { first, count } = segment;
    const number = tip.sequence + 1;
    const explained = tip.reported ?? (this.#isMisnumbered(tip) ? 'elsewhere' : undefined);
    if (explained !== undefined) {
      if (fills && explained !== 'elsewhere') explained.to = number;
      this.#goOn(segment, {
        from: tip,
        sequence: fills ? number : undefined,
        reported: fills ? explained : undefined,
      });
      return;
    }
    if (fills || tip.segment === undefined) {
      const draft = this.#report('changed', first, { from: number, to: number }, this.#wordsFor(first, tip));
      const reported = count === 1 ? draft : undefined;
      this.#goOn(segment, { from: tip, sequence: count === 1 ? number : undefined, reported });
      return;
    }
    const before = tip.segment.last;
    if (count > 1) {
      const describe = () => `Record ${tip.sequence} was changed: record ${number} holds another hash of it.`;
      this.#report('changed', before, { from: tip.sequence, to: tip.sequence }, describe);
    } else {
      const describe = () =>
        `Record ${tip.sequence} or ${number} was changed: the later does not hold the hash of the earlier.`;
      this.#report('changed', before, { from: tip.sequence, to: number }, describe);
    }
    this.#goOn(segment, { from: tip, sequence: count === 1 ? number : undefined });
  }

  #wordsFor(first: LinkedRecord, { segment, sequence: before }: Tip): Draft['describe'] {
    return (range) => {
      const start = describeChanged(range).slice(0, -1);
      if (range.from !== range.to) return `${start}.`;
      if (first.sequence !== range.from) return `${start}: it carries ${numberIn(first)}.`;
      if (segment !== undefined) return `${start}, and perhaps the one before it.`;
      return before === 0 ? `${start}.` : `${start}: it does not hold the given hash of record ${before}.`;
    };
  }

  #isMisnumbered({ segment }: Tip): boolean {
    return segment !== undefined && this.#misnumbered.has(segment.last.hash);
  }

  #report(kind: Draft['kind'], { place }: LinkedRecord, range: Range, describe: Draft['describe']): Draft {
    const draft: Draft = { kind, place, ...range, describe };
    this.drafts.push(draft);
    return draft;
  }

  /** `from`: the tip that it goes on from, under whatever names that was known. */
  #goOn(
    segment: Segment,
    found: { from?: Tip; sequence?: number | undefined; reported?: Tip['reported'] } = {},
  ): void {
    const { from, sequence = segment.last.sequence, reported } = found;
    const tip: Tip = { segment, sequence, reported };
    if (from?.segment !== undefined) this.followed.add(from.segment);
    for (const [name, known] of this.#tips) if (known === from) this.#tips.set(name, tip);
    this.#latest = tip;
    this.#tips.set(segment.first.reporter, tip);
    this.#tips.set(segment.last.reporter, tip);
  }
}
