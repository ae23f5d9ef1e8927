// Brings the records of logs into the order of their chains, whatever order they come in. In a temporary database on disk,
// so that memory does not grow with the logs; it is gone when the process ends.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { memberOf } from '../../net/json.ts';
import type { FoundRecord, Link } from '../record/found-record.ts';
import type { RecordAt } from '../record/read-records.ts';
import type { Place } from '../record/read-values.ts';

/** What the verification has to know of one record. */
export interface StoredRecord extends Place {
  /** Counts the records as they were found. */
  readonly id: number;
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
  /** Does another chain say that its chain ended before it, or with another record? */
  readonly contradicted: 0 | 1;
  /** Does another chain name its chain as the old one? */
  readonly ended: 0 | 1;
  /** Did an earlier check find what came before the first record of its chain? */
  readonly vouched: 0 | 1;
}

/** Records of one chain with the same sequence number: one, unless the log was tampered with. */
export type SequenceGroup = readonly [StoredRecord, ...StoredRecord[]];

const changes = /^peering\.(?:create|delete)\.(?:intent|outcome|reconciled)$/;
const transactionRecords = 10_000;
/** `next`: the chain whose record `first` says that `chain` ended with record `sequence`. */
const endColumns =
  'next TEXT, first TEXT, chain TEXT, sequence INTEGER, fingerprint TEXT, file TEXT, line INTEGER';
const oldChain = z.looseObject({ chain: z.string(), sequence: z.int().min(1), fingerprint: z.string() });
const contradicted = `EXISTS (SELECT 1 FROM ends WHERE ends.chain = records.chain AND ends.sequence <= records.sequence
  AND (ends.sequence < records.sequence OR ends.fingerprint <> records.fingerprint))`;

export class RecordStore {
  readonly #database = new DatabaseSync('');
  readonly #insert: StatementSync;
  readonly #claim: StatementSync;
  #count = 0;

  constructor() {
    this.#database.exec(`CREATE TABLE records (id INTEGER PRIMARY KEY, file TEXT, line INTEGER, chain TEXT, sequence INTEGER,
      fingerprint TEXT, intact INTEGER, previous TEXT, time INTEGER, checkpoint TEXT, change TEXT);
      CREATE TABLE claims (${endColumns}, PRIMARY KEY (next, first));
      CREATE TABLE vouched (chain TEXT PRIMARY KEY);
      CREATE TABLE ends (${endColumns}, PRIMARY KEY (chain, sequence, fingerprint));
      CREATE INDEX following ON ends (next); BEGIN`);
    this.#claim = this.#database.prepare('INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)');
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
    if (code !== 'audit.chain-started' || !link.intact || link.sequence !== 1) return;
    const { success, data: old } = oldChain.safeParse(memberOf(unmapped, 'oldChain'));
    if (success)
      this.#claim.run(link.chain, link.fingerprint, old.chain, old.sequence, old.fingerprint, file, line);
  }

  /** The second records of the chains that name an old one: with a key, a gateway signs the first record by it. */
  seconds(): Iterable<StoredRecord> {
    return this.#rows('SELECT * FROM records WHERE sequence = 2 AND chain IN (SELECT next FROM claims)');
  }

  /** Takes for true what the record before `second`, or else every first record, says of an old chain. */
  believe(second?: StoredRecord): void {
    const sql = 'INSERT OR IGNORE INTO ends SELECT * FROM claims';
    if (second === undefined) this.#database.exec(sql);
    else this.#database.prepare(`${sql} WHERE next = ? AND first = ?`).run(second.chain, second.previous);
  }

  /** A gateway names the last record as it found it. If the chain goes on from another one, that record was forged. */
  dropForgedEnds(): void {
    this.#database.exec(`DELETE FROM ends WHERE EXISTS (SELECT 1 FROM records WHERE
      (records.chain, records.sequence, records.fingerprint) = (ends.chain, ends.sequence, ends.fingerprint))
      AND EXISTS (SELECT 1 FROM records WHERE records.chain = ends.chain AND records.sequence = ends.sequence + 1
      AND records.previous IS NOT ends.fingerprint)`);
  }

  /**
   * An earlier check ended at this record of a chain, and vouches for what came before, old chains too. Returns whether a chain
   * with this record, or with one behind it, is in the files.
   */
  vouch({ sequence, fingerprint }: Pick<StoredRecord, 'sequence' | 'fingerprint'>): boolean {
    const sql = `INSERT INTO vouched WITH RECURSIVE found (chain) AS (
      SELECT chain FROM records WHERE (sequence, fingerprint) = (?1, ?2) OR (sequence, previous) = (?1 + 1, ?2)
      UNION SELECT chain FROM ends WHERE (sequence, fingerprint) = (?1, ?2)
      UNION SELECT ends.chain FROM found JOIN ends ON ends.next = found.chain) SELECT chain FROM found`;
    return this.#database.prepare(sql).run(sequence, fingerprint).changes > 0;
  }

  /** Chains that lack the records from `last` to `to`. `file` and `line` are those of the record that names `to` as the last one. */
  missingEnds(): Iterable<Place & { chain: string; last: number; to: number }> {
    return this.#rows(`SELECT file, line, chain, sequence AS "to",
      ifnull((SELECT max(sequence) FROM records WHERE records.chain = ends.chain), 0) AS last
      FROM ends WHERE last < sequence AND (last > 0 OR NOT chain IN vouched) GROUP BY chain, sequence`);
  }

  /** To be called when all records have been added. */
  finish(): void {
    this.#database.exec('COMMIT; CREATE INDEX place ON records (chain, sequence, id)');
  }

  /** In the order of chains and sequence numbers, or the reverse. */
  *groups(direction: 'ASC' | 'DESC' = 'ASC'): Generator<SequenceGroup> {
    const order = ['chain', 'sequence', 'id'].map((column) => `${column} ${direction}`).join();
    let group: StoredRecord[] = [];
    for (const row of this.#rows<StoredRecord>(`SELECT *, ${contradicted} AS contradicted,
      chain IN (SELECT chain FROM ends) AS ended, chain IN vouched AS vouched FROM records ORDER BY ${order}`)) {
      const [first] = group;
      if (first !== undefined && (first.chain !== row.chain || first.sequence !== row.sequence)) {
        yield group as unknown as SequenceGroup;
        group = [];
      }
      group.push(row);
    }
    if (group.length > 0) yield group as unknown as SequenceGroup;
  }

  #rows<Row>(sql: string): Iterable<Row> {
    return this.#database.prepare(sql).iterate() as Iterable<unknown> as Iterable<Row>;
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
