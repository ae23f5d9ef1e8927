// What the check of a chain has to know of one record. Everything but the hash and the place is only what the record says.
import { type Head, hashOfLine } from '../log/chain.ts';
import { type Link, memberOf } from '../record/found-record.ts';
import type { RecordAt } from '../record/read-records.ts';

/** Where a line stands. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Counts the records of all files, from 1. */
  readonly index: number;
}

/** A `sequence` of 0, or an empty `previous`: the record does not say. */
export interface LinkedRecord extends Head, Link {
  readonly place: Place;
  /** Names the instance; good for a guess, never for proof. */
  readonly reporter: string;
  /** Likewise. */
  readonly time: number;
}

export function linkedRecord({ file, line, bytes, record }: RecordAt, index: number): LinkedRecord {
  const { metadata } = record;
  const sequence = memberOf(metadata, 'sequence');
  return {
    sequence: Number.isSafeInteger(sequence) ? Math.max(sequence as number, 0) : 0,
    previous: text(memberOf(memberOf(record['unmapped'], 'integrity'), 'previous')),
    hash: hashOfLine(bytes),
    place: { file, line, index },
    reporter: text(memberOf(memberOf(metadata, 'reporter'), 'uid')),
    time: Number(record['time']),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
