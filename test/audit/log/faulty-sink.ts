// An audit sink that works, rejects or hangs as the test says, and a check of the chain that it was given.

import assert from 'node:assert/strict';
import type { AuditSink } from '../../../src/audit/log/trail.ts';
import { linkOf } from '../../../src/audit/record/found-record.ts';
import type { AuditRecord } from '../../support/audit-record.ts';

export type Mode = 'works' | 'rejects' | 'hangs';

export class FaultySink implements AuditSink {
  /** What has been written. */
  readonly lines: string[] = [];
  /** What was handed over, whatever came of it. */
  readonly offered: string[] = [];
  /** By the record's event code. */
  mode: (eventCode: string) => Mode = () => 'works';
  #held: { readonly line: string; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];

  write(line: string): Promise<void> {
    this.offered.push(line);
    const { metadata } = JSON.parse(line) as AuditRecord;
    const mode = this.mode(metadata.event_code);
    if (mode === 'rejects') return Promise.reject(new Error('the disk is full'));
    if (mode === 'hangs') {
      return new Promise((resolve, reject) => this.#held.push({ line, resolve, reject }));
    }
    this.lines.push(line);
    return Promise.resolve();
  }

  /** The lines that hung get through now, and so do later ones. */
  release(): void {
    this.mode = () => 'works';
    for (const { line, resolve } of this.#held.splice(0)) {
      this.lines.push(line);
      resolve();
    }
  }

  /** The lines that hung come to nothing, and later ones get through. */
  giveUp(): void {
    this.mode = () => 'works';
    for (const { reject } of this.#held.splice(0)) reject(new Error('the disk is gone'));
  }

  get records(): AuditRecord[] {
    return this.lines.map((line) => JSON.parse(line) as AuditRecord);
  }

  /** Without the records that every start and stop makes. */
  get requestRecords(): AuditRecord[] {
    return this.records.filter(isOfRequest);
  }

  /** The event code of each line, without the records that every start and stop makes. */
  get codes(): string[] {
    return codesOf(this.lines);
  }
}

/** The records that a start writes before the first request is served, in their order. */
export const startCodes: readonly string[] = ['audit.chain-started', 'gateway.started', 'policy.loaded'];

const isOfRequest = ({ metadata }: AuditRecord): boolean =>
  !startCodes.includes(metadata.event_code) && metadata.event_code !== 'gateway.stopped';

export const codesOf = (lines: readonly string[]): string[] =>
  lines
    .map((line) => JSON.parse(line) as AuditRecord)
    .filter(isOfRequest)
    .map(({ metadata }) => metadata.event_code);

/** These lines are one whole chain, from its beginning. */
export function assertChain(lines: readonly string[]): void {
  let previous: string | undefined;
  for (const [index, line] of lines.entries()) {
    const link = linkOf(JSON.parse(line), line);
    assert.deepEqual([link?.sequence, link?.previous, link?.intact], [index + 1, previous, true]);
    previous = link?.fingerprint;
  }
}
