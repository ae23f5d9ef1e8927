// Checks audit logs in any order and any copy that preserves them as JSON: that every record is there once and unchanged,
// that signatures are valid, and that every intent has its end. Memory does not grow with the logs; nothing that stands in
// a record is believed.
import { parseJson } from '../../net/json.ts';
import { signsRecordBefore, verifyCheckpoint } from '../log/checkpoint.ts';
import type { CheckpointKey } from '../log/signing-key.ts';
import { linkOf, recordsIn } from '../record/found-record.ts';
import { readValues } from '../record/read-values.ts';
import { type Finding, Findings } from './findings.ts';
import { type After, judgeChains } from './judge-chains.ts';
import { type OpenIntent, OpenIntents } from './open-intents.ts';
import { RecordStore, type StoredRecord } from './record-store.ts';
import { Signatures, type SignedExtent } from './signatures.ts';

export interface VerifyOptions {
  /** What came before this record may be absent; a chain begins with record 1 otherwise. */
  readonly after?: After | undefined;
  /** With keys, checkpoints must be signed by one of them. */
  readonly keys?: readonly CheckpointKey[] | undefined;
  readonly onRead: (bytes: number) => void;
}

export interface Verification {
  readonly records: number;
  /** Lines and objects that are no audit records. */
  readonly otherLines: number;
  /** One for AUDIT_FILE unless it had to begin anew, one for each run on standard output. */
  readonly chains: number;
  /** The last record of the newest chain; what later files must continue from. */
  readonly last: After | undefined;
  readonly findings: readonly Finding[];
  /** Findings beyond those. */
  readonly moreFindings: number;
  readonly openIntents: readonly OpenIntent[];
  /** Only with keys. */
  readonly signed: SignedExtent | undefined;
}

/** Rejects when a file cannot be read to its end. */
export async function verifyLogs(files: readonly string[], options: VerifyOptions): Promise<Verification> {
  const findings = new Findings();
  const store = new RecordStore();
  try {
    const counts = await readAll(files, options.onRead, store, findings);
    const judged = await judgeAll(store, options, findings);
    return { ...counts, ...judged, findings: findings.all(files), moreFindings: findings.more };
  } finally {
    store.close();
  }
}

async function readAll(
  files: readonly string[],
  onRead: (bytes: number) => void,
  store: RecordStore,
  findings: Findings,
) {
  let records = 0;
  let otherLines = 0;
  for await (const { file, line, value, text } of readValues(files, onRead)) {
    const before = records;
    for (const found of recordsIn(value, text)) {
      records += 1;
      const link = linkOf(found.record, found.text);
      if (link !== undefined) store.add({ file, line, record: found.record }, link);
      else findings.add('foreign', { file, line }, 'no place in a chain');
    }
    if (records > before) continue;
    if (value !== undefined || !looksLikeRecord(text)) otherLines += 1;
    else findings.add('unreadable', { file, line }, 'not complete, or not JSON');
  }
  store.finish();
  return { records, otherLines };
}

/** Text that begins as a record does, or has what only a record has. */
const looksLikeRecord = (text: string): boolean =>
  text.startsWith('{"action":"') || /"(?:class_uid|attestation_list)"/.test(text);

async function judgeAll(store: RecordStore, { after, keys }: VerifyOptions, findings: Findings) {
  await believeOldChains(store, keys);
  store.dropForgedEnds();
  const signatures = keys && new Signatures(keys, findings);
  const intents = new OpenIntents();
  let chains = 0;
  let last: StoredRecord | undefined;
  for (const [record, isLast] of judgeChains(store, after, findings)) {
    const { file, line, change } = record;
    if (change !== null) intents.take({ file, line, record: parseJson(change) as OpenIntent['record'] });
    await signatures?.take(record);
    if (!isLast) continue;
    chains += 1;
    signatures?.endChain(record);
    if (last === undefined || isLater(record, last)) last = record;
  }
  return {
    chains,
    last: last && { sequence: last.sequence, fingerprint: last.fingerprint },
    openIntents: intents.intents,
    signed: signatures?.extent(),
  };
}

/** With keys, what a first record says of the chain before counts only if it is signed; without keys it always counts. */
async function believeOldChains(store: RecordStore, keys: VerifyOptions['keys']): Promise<void> {
  if (keys === undefined) return store.believe();
  for (const second of store.seconds()) {
    const signed = await verifyCheckpoint(second.checkpoint, keys);
    if (signed !== undefined && signsRecordBefore(signed, second)) store.believe(second);
  }
}

/** Of the last records of two chains: a chain that another one names as the old one comes first, and times decide then. */
const isLater = (one: StoredRecord, other: StoredRecord): boolean =>
  (other.ended - one.ended || (one.time ?? 0) - (other.time ?? 0) || one.id - other.id) > 0;
