// What the gateway writes to its stdout, line by line: audit records and log lines apart, the newest thousand of each.
// Checks on the way that every record has the fingerprint that it states, and states that of the record before it.
import { createHash } from 'node:crypto';
import { type AuditRecord, readAuditRecord } from './audit-record.ts';
import { parseJson } from './read-json.ts';

const keptMax = 1_000;

/** In RFC 8785 form, the first of a record is its own; it covers the line without this member. */
const ownFingerprint = /,"fingerprint":\{[^{}]*"value":"([0-9a-f]{64})"\}/;

export class GatewayOutput {
  readonly #records: AuditRecord[] = [];
  readonly #logs: string[] = [];
  readonly #watchers = new Set<() => void>();
  /** Of the record before; the first record states none. */
  #previous: string | undefined;
  #breaks = 0;
  /** Called with each audit record as it comes. */
  onRecord: ((record: AuditRecord) => void) | undefined;
  readonly #saveRecord: ((line: string) => void) | undefined;

  /** `saveRecord` gets the line of each audit record, without its line break. */
  constructor(saveRecord?: (line: string) => void) {
    this.#saveRecord = saveRecord;
  }

  get records(): readonly AuditRecord[] {
    return this.#records;
  }

  /** Lines that are no audit records. */
  get logs(): readonly string[] {
    return this.#logs;
  }

  /** Records so far that were changed, or do not carry the fingerprint of the one before. */
  get chainBreaks(): number {
    return this.#breaks;
  }

  accept(line: string): void {
    const record = readAuditRecord(parseJson(line));
    if (record === undefined) keep(this.#logs, line);
    else {
      const computed = createHash('sha256').update(line.replace(ownFingerprint, '')).digest('hex');
      const stated = ownFingerprint.exec(line)?.[1];
      if (computed !== stated || record.previous !== this.#previous) this.#breaks += 1;
      this.#previous = computed;
      keep(this.#records, record);
      this.#saveRecord?.(line);
      this.onRecord?.(record);
    }
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Looks at once and again after each line. Gives `undefined` when the time is over or `signal` says so. */
  async find<T>(look: () => T | undefined, timeoutMs: number, signal?: AbortSignal): Promise<T | undefined> {
    const now = look();
    if (now !== undefined || signal?.aborted) return now;
    return await new Promise((resolve) => {
      const settle = (found: T | undefined) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        this.#watchers.delete(watcher);
        resolve(found);
      };
      const watcher = () => {
        const found = look();
        if (found !== undefined) settle(found);
      };
      const giveUp = () => settle(undefined);
      const timer = setTimeout(giveUp, timeoutMs);
      signal?.addEventListener('abort', giveUp);
      this.#watchers.add(watcher);
    });
  }

  /** The record of an answer, which may come a little after the answer. */
  findRecord(requestId: string, eventCode: string, timeoutMs = 3_000): Promise<AuditRecord | undefined> {
    return this.find(
      () => this.#records.find((record) => record.requestId === requestId && record.eventCode === eventCode),
      timeoutMs,
    );
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > keptMax) list.shift();
}
