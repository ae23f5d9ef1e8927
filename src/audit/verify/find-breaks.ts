// Says of a log that was cut into segments what must have happened to it: changed, missing, put in, out of order. What
// cannot be told apart is said as it is.

import type { Head } from '../log/chain.ts';
import { type Draft, numberIn, placeOf, type Range, records, stand } from './breaks.ts';
import { SegmentJudge } from './judge-segments.ts';
import type { Copies, Oddity, OutOfOrder, WrongNumber } from './oddities.ts';
import { begins, type Segment, type Segments } from './segments.ts';

export interface FoundBreaks {
  readonly drafts: readonly Draft[];
  /** Segments that another one goes on from, behind a break. */
  readonly followed: ReadonlySet<Segment>;
}

/** `after`: the record that the log is known to go on from. */
export function findBreaks(segments: Segments, after: Head): FoundBreaks {
  const { all, odd } = segments;
  const judge = new SegmentJudge(after, odd.misnumbered);
  for (const [index, segment] of all.entries()) judge.take(segment, all, index);
  const found = [...odd.all.map(describeOddity), ...judge.drafts];
  const start = all[0];
  if (after.sequence > 0 && segments.continued === undefined && start !== undefined && begins(start, after)) {
    const next = after.sequence + 1;
    const describe = () => `Nothing goes on from record ${after.sequence} as it was given.`;
    found.push({ kind: 'missing', place: start.first.place, from: next, to: next, describe });
  }
  const last = all.at(-1)?.last;
  if ((segments.overflowed || odd.overflowed) && last !== undefined) {
    const describe = () => 'There are more breaks than can be told.';
    found.push({ kind: 'changed', place: last.place, from: last.sequence, to: last.sequence, describe });
  }
  return { drafts: found, followed: judge.followed };
}

function describeOddity(oddity: Oddity): Draft {
  if (oddity.kind === 'copies') return describeCopies(oddity);
  return oddity.kind === 'wrong-number' ? describeNumber(oddity) : describeOrder(oddity);
}

const describeCopies = ({ place, from, to }: Copies): Draft => ({
  kind: 'inserted',
  place,
  from,
  to,
  describe: (range) =>
    from === to ? `A copy of record ${from} was put in.` : `A copy of ${lower(range)} was put in.`,
});

const describeNumber = ({ record, expected }: WrongNumber): Draft => ({
  kind: 'changed',
  place: record.place,
  from: expected,
  to: expected,
  describe: () => `Record ${expected} was changed: it carries ${numberIn(record)}.`,
});

/** Whichever is fewer was moved. */
function describeOrder({ early, late, end }: OutOfOrder): Draft {
  if (late !== undefined && sizeOf(late) < sizeOf(early))
    return {
      ...late,
      kind: 'out-of-order',
      describe: (range) =>
        `${records(range)} ${stand(range)} behind record ${early.to} (from ${placeOf(early.place)} on).`,
    };
  return {
    ...early,
    kind: 'out-of-order',
    describe: (range) =>
      `${records(range)} ${stand(range)} before record ${end.sequence} (${placeOf(end.place)}).`,
  };
}

const sizeOf = ({ from, to }: Range): number => to - from + 1;
const lower = (range: Range): string => records(range).toLowerCase();
