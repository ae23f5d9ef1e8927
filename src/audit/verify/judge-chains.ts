// Compares the records of each chain with their neighbours: every sequence number once, each record as its fingerprint says,
// each referring to the one before. Names the record that deviates, not those around it.
import type { FindingKind, Findings } from './findings.ts';
import type { RecordStore, SequenceGroup, StoredRecord } from './record-store.ts';

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

export async function judgeChains(store: Pick<RecordStore, 'groups'>, options: JudgeOptions): Promise<void> {
  const { after, findings, take, endChain } = options;
  const chosen = chooseRecords(store.groups('DESC'));
  let before: StoredRecord | undefined;
  let continued = after === undefined;
  for (const [group, next] of withNext(store.groups())) {
    const record = group.find(({ id }) => chosen.has(id)) ?? group[0];
    for (const other of group) if (other !== record) judgeOther(other, record, findings);
    continued ||= after?.fingerprint === (before === undefined ? record.previous : record.fingerprint);
    const isBelieved = judgePlace(record, before, next, options);
    await take(record);
    before = isBelieved ? record : { ...record, intact: 0 };
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

/**
 * Of several records with one number, the one that its neighbours know. Later records vouch for earlier ones, so they are
 * chosen from the end of the chain. `groups`: in the reverse order of the chain.
 */
function chooseRecords(groups: Iterable<SequenceGroup>): ReadonlySet<number> {
  const chosen = new Set<number>();
  let later: StoredRecord | undefined;
  for (const [group, earlier] of withNext(groups)) {
    const record = group.length === 1 ? group[0] : choose(group, later, earlier);
    if (group.length > 1) chosen.add(record.id);
    later = record;
  }
  return chosen;
}

function choose(
  group: SequenceGroup,
  later: StoredRecord | undefined,
  earlier: SequenceGroup | undefined,
): StoredRecord {
  const weigh = (record: StoredRecord): number =>
    4 * Number(later?.chain === record.chain && later.previous === record.fingerprint) +
    2 * Number(earlier?.some(({ fingerprint }) => fingerprint === record.previous) ?? false) +
    record.intact;
  // The first one that was found comes last.
  return group.reduce((best, record) => (weigh(record) >= weigh(best) ? record : best));
}

/** Reports what is wrong with the record. Is there nothing to hold against it? */
function judgePlace(
  record: StoredRecord,
  before: StoredRecord | undefined,
  next: SequenceGroup | undefined,
  { after, findings }: JudgeOptions,
): boolean {
  const expected = before === undefined ? firstExpected(record, after) : before.sequence + 1;
  if (record.sequence > expected) reportMissing(record, expected, findings);
  if (!record.intact) report('changed', record, 'does not match the fingerprint', findings);
  else if (before?.intact && record.sequence === expected && record.previous !== before.fingerprint) {
    // Which of two neighbours deviates? The one that its other neighbour does not know either.
    const isReferredTo = next?.some(({ previous }) => previous === record.fingerprint);
    if (!isReferredTo) {
      report('foreign', record, 'does not follow from the record before', findings);
      return false;
    }
    report('changed', before, 'is not what the next record refers to', findings);
  }
  return record.intact === 1;
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

function judgeOther(other: StoredRecord, chosen: StoredRecord, findings: Findings): void {
  if (other.fingerprint !== chosen.fingerprint)
    report('foreign', other, 'has the number of a record that the chain refers to', findings);
  else if (other.intact) report('duplicated', other, 'is in the logs more than once', findings);
  else report('changed', other, 'does not match the fingerprint', findings);
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
