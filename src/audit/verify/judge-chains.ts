// Compares the records of each chain with their neighbours: every sequence number once, each record as its fingerprint says,
// each referring to the one before. Names the record that deviates, not those around it.
import type { FindingKind, Findings } from './findings.ts';
import type { SequenceGroup, StoredRecord } from './record-store.ts';

/** The record before the first one of the files, as `audit verify` printed it. */
export interface After {
  readonly sequence: number;
  readonly fingerprint: string;
}

export interface JudgeOptions {
  readonly after: After | undefined;
  readonly findings: Findings;
  /** Is given the records of every chain that belong to it, in their order. */
  readonly take: (record: StoredRecord) => Promise<void>;
  /** The chain whose last record this is has been read. */
  readonly endChain: (last: StoredRecord) => void;
}

/** `groups`: in the order of chains and sequence numbers. */
export async function judgeChains(groups: Iterable<SequenceGroup>, options: JudgeOptions): Promise<void> {
  const { after, findings, take, endChain } = options;
  let before: StoredRecord | undefined;
  let continued = after === undefined;
  for (const [group, next] of withNext(groups)) {
    const record = choose(group, before, next);
    for (const other of group) if (other !== record) judgeOther(other, record, findings);
    continued ||= after?.fingerprint === (before === undefined ? record.previous : record.fingerprint);
    judgePlace(record, before, next, options);
    await take(record);
    before = record;
    if (next?.[0].chain === record.chain) continue;
    endChain(record);
    before = undefined;
  }
  if (!continued && after !== undefined) {
    const from = after.sequence + 1;
    const describe = () => `No record continues record ${after.sequence} as it was given.`;
    findings.add({ kind: 'missing', file: '', line: 0, from, to: from, describe });
  }
}

function judgePlace(
  record: StoredRecord,
  before: StoredRecord | undefined,
  next: SequenceGroup | undefined,
  { after, findings }: JudgeOptions,
): void {
  const expected = before === undefined ? firstExpected(record, after) : before.sequence + 1;
  if (record.sequence > expected) reportMissing(record, expected, findings);
  if (!record.intact) report('changed', record, 'does not match the fingerprint', findings);
  else if (before !== undefined && record.sequence === expected) judgeLink(before, record, next, findings);
}

function* withNext(
  groups: Iterable<SequenceGroup>,
): Generator<readonly [SequenceGroup, SequenceGroup | undefined]> {
  let held: SequenceGroup | undefined;
  for (const group of groups) {
    if (held !== undefined) yield [held, group];
    held = group;
  }
  if (held !== undefined) yield [held, undefined];
}

const firstExpected = ({ sequence, previous }: StoredRecord, after: After | undefined): number =>
  after !== undefined && sequence === after.sequence + 1 && previous === after.fingerprint ? sequence : 1;

/** Does a record of the next group refer to it? */
const isReferredTo = (record: StoredRecord, next: SequenceGroup | undefined): boolean =>
  next?.[0].chain === record.chain &&
  next[0].sequence === record.sequence + 1 &&
  next.some(({ previous }) => previous === record.fingerprint);

/** Of several records with one number, the one that its neighbours know. */
function choose(
  group: SequenceGroup,
  before: StoredRecord | undefined,
  next: SequenceGroup | undefined,
): StoredRecord {
  if (group.length === 1) return group[0];
  const weigh = (record: StoredRecord): number =>
    4 * Number(isReferredTo(record, next)) +
    2 * Number(before !== undefined && record.previous === before.fingerprint) +
    record.intact;
  return group.reduce((best, record) => (weigh(record) > weigh(best) ? record : best));
}

function judgeOther(other: StoredRecord, chosen: StoredRecord, findings: Findings): void {
  if (other.fingerprint !== chosen.fingerprint)
    report('foreign', other, 'has the number of a record that the chain refers to', findings);
  else if (other.intact) report('duplicated', other, 'is in the logs more than once', findings);
  else report('changed', other, 'does not match the fingerprint', findings);
}

/** Which of two neighbours deviates? The one that its other neighbour does not know either. */
function judgeLink(
  before: StoredRecord,
  record: StoredRecord,
  next: SequenceGroup | undefined,
  findings: Findings,
): void {
  if (record.previous === before.fingerprint || !before.intact) return;
  if (isReferredTo(record, next))
    report('changed', before, 'is not what the next record refers to', findings);
  else report('foreign', record, 'does not follow from the record before', findings);
}

function reportMissing(
  { file, line, chain, sequence }: StoredRecord,
  from: number,
  findings: Findings,
): void {
  const describe = (records: string): string =>
    `${records} ${records.startsWith('Records') ? 'are' : 'is'} missing or unreadable.`;
  findings.add({ kind: 'missing', file, line, chain, from, to: sequence - 1, describe });
}

function report(kind: FindingKind, record: StoredRecord, why: string, findings: Findings): void {
  const { file, line, chain, sequence } = record;
  const describe = (records: string): string =>
    records.startsWith('Records') ? `${records}: each ${why}.` : `${records} ${why}.`;
  findings.add({ kind, file, line, chain, from: sequence, to: sequence, describe });
}
