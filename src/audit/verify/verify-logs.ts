// Checks audit logs in any order and any copy that preserves them as JSON: that every record is there once and unchanged,
// that signatures are valid, and that every intent has its end. Memory does not grow with the logs; nothing that stands in
// a record is believed.
import type { CheckpointKey } from '../log/signing-key.ts';
import { linkOf, parsed, recordsIn } from '../record/found-record.ts';
import { readValues, type ValueAt } from '../record/read-values.ts';
import { type Finding, Findings } from './findings.ts';
import { type After, judgeChains } from './judge-chains.ts';
import { type OpenIntent, OpenIntents } from './open-intents.ts';
import { RecordStore, type StoredRecord } from './record-store.ts';
import { Signatures, type SignedExtent } from './signatures.ts';

export interface VerifyOptions {
  /** The record that the logs continue from; a chain begins with record 1 otherwise. */
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
  /** The last record; what later files must continue from. */
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
    const counts = await readAll(files, options.onRead, { store, findings });
    return { ...counts, ...(await judge(files, options, { store, findings })) };
  } finally {
    store.close();
  }
}

interface Parts {
  readonly store: RecordStore;
  readonly findings: Findings;
}

async function readAll(
  files: readonly string[],
  onRead: (bytes: number) => void,
  { store, findings }: Parts,
) {
  let records = 0;
  let otherLines = 0;
  for await (const at of readValues(files, onRead)) {
    const before = records;
    for (const { record, text } of recordsIn(at.value, at.text)) {
      records += 1;
      const link = linkOf(record, text);
      if (link === undefined) findings.add(aside('foreign', at, 'A record has no place in a chain.'));
      else store.add({ ...at, record }, link);
    }
    if (records > before) continue;
    if (isBrokenRecord(at)) findings.add(aside('unreadable', at, 'A record is not complete, or not JSON.'));
    else otherLines += 1;
  }
  return { records, otherLines };
}

/** Text that begins as a record does, or has what only a record has. */
const isBrokenRecord = ({ value, text }: ValueAt): boolean =>
  value === undefined && (text.startsWith('{"action":"') || /"(?:class_uid|attestation_list)"/.test(text));

const aside = (kind: 'foreign' | 'unreadable', { file, line }: ValueAt, description: string) => ({
  ...{ kind, file, line, from: 0, to: 0 },
  describe: () => description,
});

async function judge(files: readonly string[], { after, keys }: VerifyOptions, { store, findings }: Parts) {
  const signatures = keys && new Signatures(keys, after, findings);
  const intents = new OpenIntents();
  let chains = 0;
  let last: StoredRecord | undefined;
  store.finish();
  await judgeChains(store, {
    after,
    findings,
    async take(record) {
      const { file, line, change } = record;
      if (change !== null) intents.take({ file, line, record: parsed(change) as OpenIntent['record'] });
      await signatures?.take(record);
    },
    endChain(end) {
      chains += 1;
      if (end.id > (last?.id ?? 0)) last = end;
      signatures?.endChain(end);
    },
  });
  return {
    chains,
    last: last && { sequence: last.sequence, fingerprint: last.fingerprint },
    findings: findings.all(files),
    moreFindings: findings.more,
    openIntents: intents.all(),
    signed: signatures?.extent(),
  };
}
