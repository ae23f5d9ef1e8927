// What can be wrong with a log, as people and programs are told: each act once, at the line where it shows.
import type { Place } from './linked-record.ts';

export type BreakKind = 'changed' | 'missing' | 'inserted' | 'out-of-order' | 'signature';

/** One place where a log is not what the gateway wrote. */
export interface Break extends Omit<Place, 'index'> {
  readonly kind: BreakKind;
  /** Numbers of the records concerned; 0 when they carry none. */
  readonly from: number;
  readonly to: number;
  /** For people: one sentence. */
  readonly description: string;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A break that may yet turn out to be larger. */
export interface Draft {
  readonly kind: BreakKind;
  readonly place: Place;
  readonly from: number;
  to: number;
  readonly describe: (range: Range) => string;
}

/** In the order of the log. */
export function toBreaks(drafts: readonly Draft[]): Break[] {
  const inOrder = drafts.toSorted((a, b) => a.place.index - b.place.index);
  return joinChanged(inOrder).map(({ kind, place: { file, line }, from, to, describe }) => ({
    kind,
    file,
    line,
    from,
    to,
    description: describe({ from, to }),
  }));
}

/** Changed records one after the other were changed by one act. */
function joinChanged(drafts: readonly Draft[]): Draft[] {
  const joined: Draft[] = [];
  for (const draft of drafts) {
    const last = joined.at(-1);
    const goesOn = last?.kind === 'changed' && draft.kind === 'changed' && draft.from === last.to + 1;
    if (goesOn) joined[joined.length - 1] = { ...last, to: draft.to, describe: describeChanged };
    else joined.push(draft);
  }
  return joined;
}

export const describeChanged = (range: Range): string => `${records(range)} ${were(range)} changed.`;
export const describeMissing = (range: Range): string =>
  `${records(range)} ${range.from === range.to ? 'is' : 'are'} missing or unreadable.`;
export const describeInserted = (range: Range): string => `${records(range)} ${were(range)} put in.`;

export const records = ({ from, to }: Range): string => {
  if (to === 0) return 'A record without a number';
  return from === to ? `Record ${from}` : `Records ${from} to ${to}`;
};
export const were = ({ from, to }: Range): string => (from === to ? 'was' : 'were');
export const stand = ({ from, to }: Range): string => (from === to ? 'stands' : 'stand');
export const placeOf = ({ file, line }: Place): string => `${file}:${line}`;
export const numberIn = ({ sequence }: { sequence: number }): string =>
  sequence === 0 ? 'no number' : `the number ${sequence}`;
