// Makes lines out of audit events: each carries its number and the hash of the line before, so that a line changed,
// removed or put in between shows. Refuses nothing and does no output.
import { createHash } from 'node:crypto';
import type { AuditEvent } from './event.ts';

/** Who writes the records; stands in every one of them. */
export interface Reporter {
  /** This version of peergate. */
  readonly version: string;
  /** Names the instance (`metadata.reporter.uid`). */
  readonly instance: string;
}

const beforeFirst = '0'.repeat(64);

/** SHA-256 of a line without its newline, lower-case hex (`unmapped.integrity.previous` of the next one). */
export const hashOfLine = (line: string): string => createHash('sha256').update(line, 'utf8').digest('hex');

/** One chain of records, from sequence 1. */
export class AuditChain {
  readonly #reporter: Reporter;
  readonly #newId: () => string;
  #sequence = 0;
  #previous = beforeFirst;

  constructor(reporter: Reporter, newId: () => string) {
    this.#reporter = reporter;
    this.#newId = newId;
  }

  /** The event's line, without newline, as the next one of the chain. */
  seal(event: AuditEvent): string {
    this.#sequence += 1;
    const line = JSON.stringify({
      ...event,
      metadata: {
        ...(event['metadata'] as object),
        version: '1.8.0',
        profiles: ['security_control'],
        product: { name: 'peergate', vendor_name: 'peergate', version: this.#reporter.version },
        uid: this.#newId(),
        sequence: this.#sequence,
        reporter: { uid: this.#reporter.instance },
      },
      unmapped: { ...(event['unmapped'] as object), integrity: { previous: this.#previous } },
    });
    this.#previous = hashOfLine(line);
    return line;
  }
}
