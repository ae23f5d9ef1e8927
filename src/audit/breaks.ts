// Says of a log that was cut into segments what must have happened to it: changed, missing, put in, out of order. What
// cannot be told apart is said as it is.
import { beforeFirst, type Head } from './chain.ts';
import type { OddRecord, Place, Segment, Segments } from './segments.ts';

export type BreakKind = 'changed' | 'missing' | 'inserted' | 'out-of-order' | 'signature';

/** One place where a log is not what the gateway wrote. */
export interface Break extends Omit<Place, 'index'> {
  readonly kind: BreakKind;
  /** Numbers of the records concerned, by the file. */
  readonly from: number;
  readonly to: number;
  /** For people: one sentence. */
  readonly description: string;
}

/** `after`: the record that the log is known to go on from. In the order of the log. */
export function findBreaks(segments: Segments, after: Head = beforeFirst): Break[] {
  const places = new Map<Break, number>();
  const report = (place: Place, found: Omit<Break, 'file' | 'line'>): void =>
    void places.set({ file: place.file, line: place.line, ...found }, place.index);
  for (const odd of segments.odd) reportOdd(odd, report);
  const doubtful = new Set(segments.odd.map(({ record }) => record.hash));
  const { all } = segments;
  const byEnd = new Map(all.map((segment) => [segment.last.hash, segment]));
  let tip: Segment | undefined;
  for (const [index, segment] of all.entries()) {
    if (begins(segment, after)) {
      tip = segment;
      continue;
    }
    const next = all[index + 1];
    const main = judge(segment, { tip, next, byEnd, doubtful, report });
    if (main) tip = segment;
  }
  if (segments.overflowed && tip !== undefined)
    report(tip.last.place, {
      kind: 'changed',
      from: tip.last.sequence,
      to: tip.last.sequence,
      description: 'There are more breaks behind this one than can be told.',
    });
  return [...places].sort(([, a], [, b]) => a - b).map(([found]) => found);
}

type Report = (place: Place, found: Omit<Break, 'file' | 'line'>) => void;

interface Surroundings {
  /** The segment that the log has followed so far. */
  readonly tip: Segment | undefined;
  readonly next: Segment | undefined;
  readonly byEnd: ReadonlyMap<string, Segment>;
  /** Records that have been reported by themselves. */
  readonly doubtful: Set<string>;
  readonly report: Report;
}

/** Is this where a chain begins, or where it is known to go on? */
export const begins = ({ first }: Segment, after: Head): boolean =>
  (first.sequence === 1 && first.previous === beforeFirst.hash) ||
  (first.sequence === after.sequence + 1 && first.previous === after.hash);

/** Reports how a segment came to begin. Is it what the log goes on with? */
function judge(segment: Segment, around: Surroundings): boolean {
  const { tip, byEnd, report } = around;
  const { first, last } = segment;
  const range = { from: first.sequence, to: last.sequence };
  const before = byEnd.get(first.previous);
  if (before !== undefined && before.last.sequence === first.sequence - 1) {
    const description = `${records(range)} ${verb(range, 'stands', 'stand')} before record ${before.last.sequence} (${placeOf(before.last.place)}).`;
    report(first.place, { kind: 'out-of-order', ...range, description });
    return true;
  }
  if (tip !== undefined && tip.last.place.index > last.place.index) {
    // The chain goes on behind it as if it were not there.
    report(first.place, { kind: 'inserted', ...range, description: `${records(range)} ${put(range)}.` });
    return false;
  }
  if (segment.forkAt !== undefined && tip !== undefined) return judgeFork(segment, tip, report);
  return judgeGap(segment, around);
}

/** Two records follow the same one. The branch that ends was put in, or is what is left of the true one. */
function judgeFork(segment: Segment, tip: Segment, report: Report): boolean {
  const { first, forkAt = 0 } = segment;
  const branch = { from: forkAt + 1, to: Math.max(tip.last.sequence, forkAt + 1) };
  const shorter = tip.last.sequence - forkAt <= segment.count;
  const range = shorter ? branch : { from: first.sequence, to: segment.last.sequence };
  const place = shorter && branch.from === branch.to ? tip.last.place : first.place;
  const description = `${records(range)} ${verb(range, 'stands', 'stand')} twice with different content behind record ${forkAt}; one of them was put in.`;
  report(place, { kind: 'inserted', ...range, description });
  return shorter;
}

function judgeGap(segment: Segment, { tip, next, doubtful, report }: Surroundings): boolean {
  const { first } = segment;
  const lastSequence = tip?.last.sequence ?? 0;
  if (first.sequence > lastSequence + 1) {
    const gap = { from: lastSequence + 1, to: first.sequence - 1 };
    const description = `${records(gap)} ${verb(gap, 'is', 'are')} missing.`;
    report(first.place, { kind: 'missing', ...gap, description });
    return true;
  }
  if (first.sequence === lastSequence + 1) {
    reportChanged(segment, tip, { next, doubtful, report });
    return true;
  }
  const range = { from: first.sequence, to: segment.last.sequence };
  const description = `${records(range)} ${verb(range, 'comes', 'come')} after record ${lastSequence} and ${verb(range, 'does', 'do')} not follow from any.`;
  report(first.place, { kind: 'out-of-order', ...range, description });
  return true;
}

/** The numbers go on and the hashes do not: the record before this one is not what it was, or this one is not. */
function reportChanged(
  segment: Segment,
  tip: Segment | undefined,
  { next, doubtful, report }: Pick<Surroundings, 'next' | 'doubtful' | 'report'>,
): void {
  const { first } = segment;
  if (tip !== undefined && doubtful.has(tip.last.hash)) return;
  const alone = segment.count === 1;
  const mismatchBehind = next !== undefined && next.first.sequence === first.sequence + 1;
  if (tip === undefined || (alone && mismatchBehind)) {
    // It is not to be reported again from behind.
    doubtful.add(first.hash);
    const range = { from: first.sequence, to: first.sequence };
    const description = `Record ${first.sequence} was changed${tip === undefined ? '' : ', and perhaps the one before it'}.`;
    report(first.place, { kind: 'changed', ...range, description });
    return;
  }
  const { sequence, place } = tip.last;
  const either =
    alone && next === undefined ? `Record ${sequence} or ${first.sequence}` : `Record ${sequence}`;
  const description = `${either} was changed: record ${first.sequence} holds another hash of it.`;
  report(place, { kind: 'changed', from: sequence, to: sequence, description });
}

function reportOdd({ kind, record, expected }: OddRecord, report: Report): void {
  const range = { from: record.sequence, to: record.sequence };
  if (kind === 'copy')
    report(record.place, {
      kind: 'inserted',
      ...range,
      description: `A copy of record ${expected} was put in.`,
    });
  else
    report(record.place, {
      kind: 'changed',
      ...range,
      description: `Record ${expected} was changed: it carries the number ${record.sequence}.`,
    });
}

interface Range {
  readonly from: number;
  readonly to: number;
}

const records = ({ from, to }: Range): string =>
  from === to ? `Record ${from}` : `Records ${from} to ${to}`;
const verb = ({ from, to }: Range, one: string, many: string): string => (from === to ? one : many);
const put = (range: Range): string => `${verb(range, 'was', 'were')} put in`;
const placeOf = ({ file, line }: Place): string => `${file}:${line}`;
