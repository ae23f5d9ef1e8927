// Recognises an audit record in a line of text. Vouches for nothing in it.
import { type Head, hashOfLine } from '../log/chain.ts';

/** A record as it was found; nothing in it has been checked. */
export type FoundRecord = Readonly<Record<string, unknown>>;

/** Every line of the gateway has this member, and a line without it need not be parsed. */
const mark = Buffer.from('"class_uid":6003');

/** The audit record in a line without its newline; `undefined` when it holds something else. */
export function recordIn(line: Buffer): FoundRecord | undefined {
  if (!line.includes(mark)) return undefined;
  try {
    const value = JSON.parse(line.toString('utf8')) as FoundRecord | null;
    return typeof value === 'object' && value !== null && value['class_uid'] === 6003 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where a record says that it stands in its chain. */
export interface Link {
  readonly sequence: number;
  /** The hash of the line before. */
  readonly previous: string;
}

/** `undefined` when the record does not say. */
export function linkOf(record: FoundRecord): Link | undefined {
  const sequence = memberOf(memberOf(record, 'metadata'), 'sequence');
  const previous = memberOf(memberOf(memberOf(record, 'unmapped'), 'integrity'), 'previous');
  if (typeof previous !== 'string' || !Number.isSafeInteger(sequence)) return undefined;
  return { sequence: sequence as number, previous };
}

/** The head of the chain whose last line this is; `undefined` when it is no record with a place in one. */
export function headIn(line: Buffer): (Head & Link) | undefined {
  const record = recordIn(line);
  const link = record === undefined ? undefined : linkOf(record);
  return link === undefined ? undefined : { ...link, hash: hashOfLine(line) };
}

/** A member of what may be an object. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
