// Compares the records of each chain with their neighbours: every sequence number once, each record as its fingerprint says,
// each referring to the one before, the last one as the next chain names it. Names the record that deviates, not those
// around it.
import type { Findings } from './findings.ts';
import type { RecordStore, SequenceGroup, StoredRecord } from './record-store.ts';

/** A record of the files, or the one before their first, as `audit verify` printed it. */
export interface After {
  readonly sequence: number;
  readonly fingerprint: string;
}

/** Gives the records that belong to each chain, in their order, and whether each is the last one of its chain. */
export function* judgeChains(
  store: RecordStore,
  after: After | undefined,
  findings: Findings,
): Generator<readonly [StoredRecord, boolean]> {
  if (after !== undefined && !store.vouch(after))
    findings.add('missing', { file: '', line: 0 }, 'no record follows the given one', after.sequence + 1);
  const chosen = chooseRecords(store.groups('DESC'));
  let before: StoredRecord | undefined;
  for (const [group, next] of withNext(store.groups())) {
    const record = group.find(({ id }) => chosen.has(id)) ?? group[0];
    for (const other of group) if (other !== record) judgeOther(other, record, findings);
    const deviates = judge(record, before, next, findings);
    const isLast = next?.[0].chain !== record.chain;
    yield [record, isLast];
    before = isLast ? undefined : deviates ? { ...record, intact: 0 } : record;
  }
  for (const { last, to, ...at } of store.missingEnds())
    findings.add('missing', at, 'missing, and the next chain names the last of them', last + 1, to);
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
    8 * Number(record.contradicted === 0) +
    4 * Number(later?.chain === record.chain && later.previous === record.fingerprint) +
    2 * Number(earlier?.some(({ fingerprint }) => fingerprint === record.previous) ?? false) +
    record.intact;
  // The first one that was found comes last.
  return group.reduce((best, record) => (weigh(record) >= weigh(best) ? record : best));
}

/** Reports what is wrong with the record, or by it with the one before. Does the record itself deviate? */
function judge(
  record: StoredRecord,
  before: StoredRecord | undefined,
  next: SequenceGroup | undefined,
  findings: Findings,
): boolean {
  const { sequence, fingerprint, vouched } = record;
  const expected = (before?.sequence ?? (vouched ? sequence - 1 : 0)) + 1;
  if (sequence > expected) findings.add('missing', record, 'missing or unreadable', expected, sequence - 1);
  if (!record.intact) findings.add('changed', record, otherFingerprint);
  else if (record.contradicted) {
    findings.add('foreign', record, 'the next chain names another last record of this one');
    return true;
  } else if (before?.intact && sequence === expected && record.previous !== before.fingerprint) {
    // This record deviates if the next one does not refer to it either, and the one before otherwise.
    if (!next?.some(({ previous }) => previous === fingerprint)) {
      findings.add('foreign', record, 'does not follow from the record before');
      return true;
    }
    findings.add('changed', before, 'the next record refers to another fingerprint');
  }
  return !record.intact;
}

const otherFingerprint = 'content and fingerprint do not match';

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

function judgeOther(other: StoredRecord, chosen: StoredRecord, findings: Findings): void {
  if (other.fingerprint !== chosen.fingerprint)
    findings.add('foreign', other, 'the chain refers to another record with this number');
  else if (other.intact) findings.add('duplicated', other, 'in the logs more than once');
  else findings.add('changed', other, otherFingerprint);
}
