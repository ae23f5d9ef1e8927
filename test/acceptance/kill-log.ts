// Looks into an audit file while a gateway writes it, at the very moment it is asked, and checks what a crash has left.

import assert from 'node:assert/strict';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { verifyLogs } from '../../src/audit/verify/verify-logs.ts';
import type { AuditRecord } from '../support/audit-record.ts';

/** Follows a file that only grows, but for a last line that was never finished. Blocks while it reads. */
export class LogWatch {
  readonly #path: string;
  #offset = 0;
  /** `http_request.uid` of every create whose intent is in the file: the `X-Request-Id` that goes upstream. */
  readonly #intents = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Is the intent in the file, now? */
  holdsIntent(requestId: string): boolean {
    this.#readOn();
    return this.#intents.has(requestId);
  }

  #readOn(): void {
    if (!existsSync(this.#path)) return;
    const fd = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - this.#offset));
      const read = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, this.#offset));
      const end = read.lastIndexOf('\n') + 1;
      this.#offset += end;
      for (const line of read.toString('utf8', 0, end).split('\n').slice(0, -1)) this.#take(JSON.parse(line));
    } finally {
      closeSync(fd);
    }
  }

  #take({ metadata, http_request: http }: AuditRecord): void {
    if (metadata.event_code === 'peering.create.intent') this.#intents.add(http.uid);
  }
}

export interface LeftLog {
  /** Every whole line. */
  readonly records: readonly AuditRecord[];
  /** Bytes behind the last newline. */
  readonly torn: Buffer;
}

/** Fails unless every whole line is a record and the chain of them has no finding. */
export async function checkLeftLog(path: string): Promise<LeftLog> {
  const bytes = existsSync(path) ? await readFile(path) : Buffer.alloc(0);
  const end = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as AuditRecord);
  if (records.length > 0) {
    const found = await verifyLogs([path], { onRead: () => undefined });
    assert.deepEqual(
      found.findings.filter(({ kind }) => kind !== 'unreadable'),
      [],
    );
    assert.equal(found.records, records.length);
  }
  return { records, torn: bytes.subarray(end) };
}

/** The records of one kind. */
export const recordsOf = (records: readonly AuditRecord[], code: string): AuditRecord[] =>
  records.filter(({ metadata }) => metadata.event_code === code);

/** The intents that the log leaves open. */
export async function openCreates(path: string): Promise<AuditRecord[]> {
  const { openIntents } = await verifyLogs([path], { onRead: () => undefined });
  return openIntents.map(({ record }) => record as unknown as AuditRecord);
}
