// Brings the records of logs into the order of their chains, whatever order they come in. In a temporary database on disk,
// so that memory does not grow with the logs; it is gone when the process ends.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { memberOf } from '../../net/json.ts';
import type { FoundRecord, Link } from '../record/found-record.ts';
import type { RecordAt } from '../record/read-records.ts';

/** What the verification has to know of one record. */
export interface StoredRecord {
  /** Counts the records as they were found. */
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly chain: string;
  readonly sequence: number;
  /** As the record states it. */
  readonly fingerprint: string;
  /** Is that its fingerprint? */
  readonly intact: 0 | 1;
  readonly previous: string | null;
  /** `null`: not a number. */
  readonly time: number | null;
  /** The signature of a checkpoint. */
  readonly checkpoint: string | null;
  /** What there is to know of an intent or the end of one, as JSON. */
  readonly change: string | null;
}

/** Records of one chain with the same sequence number: one, unless the log was tampered with. */
export type SequenceGroup = readonly [StoredRecord, ...StoredRecord[]];

const changes = /^peering\.(?:create|delete)\.(?:intent|outcome|reconciled)$/;
const transactionRecords = 10_000;

export class RecordStore {
  readonly #database = new DatabaseSync('');
  readonly #insert: StatementSync;
  #count = 0;

  constructor() {
    this.#database.exec(`CREATE TABLE records (id INTEGER PRIMARY KEY, file TEXT, line INTEGER, chain TEXT, sequence INTEGER,
      fingerprint TEXT, intact INTEGER, previous TEXT, time INTEGER, checkpoint TEXT, change TEXT); BEGIN`);
    this.#insert = this.#database.prepare(`INSERT INTO records VALUES (${Array(11).fill('?').join()})`);
  }

  add({ file, line, record }: Omit<RecordAt, 'text'>, link: Link): void {
    this.#count += 1;
    if (this.#count % transactionRecords === 0) this.#database.exec('COMMIT; BEGIN');
    const { time, metadata, unmapped } = record;
    const code = memberOf(metadata, 'event_code');
    const checkpoint = memberOf(unmapped, 'checkpoint');
    const jws = code === 'audit.checkpoint' ? (typeof checkpoint === 'string' ? checkpoint : '') : null;
    const change = typeof code === 'string' && changes.test(code) ? JSON.stringify(briefOf(record)) : null;
    this.#insert.run(
      ...[this.#count, file, line, link.chain, link.sequence],
      ...[link.fingerprint, link.intact ? 1 : 0, link.previous ?? null],
      ...[Number.isSafeInteger(time) ? (time as number) : null, jws, change],
    );
  }

  /** To be called when all records have been added. */
  finish(): void {
    this.#database.exec('COMMIT; CREATE INDEX place ON records (chain, sequence, id)');
  }

  /** In the order of chains and sequence numbers, or the reverse. */
  *groups(direction: 'ASC' | 'DESC' = 'ASC'): Generator<SequenceGroup> {
    const order = ['chain', 'sequence', 'id'].map((column) => `${column} ${direction}`).join();
    const rows = this.#database.prepare(`SELECT * FROM records ORDER BY ${order}`).iterate();
    let group: StoredRecord[] = [];
    for (const row of rows as Iterable<unknown> as Iterable<StoredRecord>) {
      const [first] = group;
      if (first !== undefined && (first.chain !== row.chain || first.sequence !== row.sequence)) {
        yield group as unknown as SequenceGroup;
        group = [];
      }
      group.push(row);
    }
    if (group.length > 0) yield group as unknown as SequenceGroup;
  }

  close(): void {
    this.#database.close();
  }
}

/** The values by which an intent is described and settled. Nothing of a record is kept that could be nested without end. */
const briefOf = ({ time, status_id, metadata, actor, api }: FoundRecord): FoundRecord => {
  const request = memberOf(api, 'request');
  return {
    ...plainMembers({ time, status_id }, ['time', 'status_id']),
    metadata: plainMembers(metadata, ['event_code']),
    actor: { user: plainMembers(memberOf(actor, 'user'), ['uid']) },
    api: {
      request: { ...plainMembers(request, ['uid']), data: plainMembers(memberOf(request, 'data'), data) },
    },
  };
};

const data = ['clusterId', 'peeringId', 'vpcId', 'cidrBlock', 'accountId', 'region', 'isSecureConnection'];

/** Those that are no objects. */
const plainMembers = (value: unknown, names: readonly string[]): FoundRecord =>
  Object.fromEntries(
    names
      .map((name) => [name, memberOf(value, name)] as const)
      .filter(([, member]) => typeof member !== 'object'),
  );
