// Makes lines out of audit events: each carries its number and the hash of the line before, so that a line changed,
// removed or put in between shows. Refuses nothing and does no output.
import { hash } from 'node:crypto';
import type { AuditEvent } from '../record/event-form.ts';

/** Who writes the records; stands in every one of them. */
export interface Reporter {
  /** This version of peergate. */
  readonly version: string;
  /** Names the instance (`metadata.reporter.uid`). */
  readonly instance: string;
}

/** The last record of a chain: its number and the hash of its line. What comes next refers to it. */
export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

/** A chain without a record (interface, section 5). */
export const beforeFirst: Head = Object.freeze({ sequence: 0, hash: '0'.repeat(64) });

/** SHA-256 of a line without its newline, lower-case hex (`unmapped.integrity.previous` of the next one). */
export const hashOfLine = (line: string | Uint8Array): string => hash('sha256', line);

/** Called with the new head and the event that it was made of. */
export type SealWatch = (head: Head, event: AuditEvent) => void;

/** Every event has them; one of a traced request has `trace` besides. */
const profiles: readonly string[] = ['security_control'];

/** One chain of records. */
export class AuditChain {
  readonly #reporter: Reporter;
  readonly #newId: () => string;
  readonly #watch: SealWatch;
  #head: Head;

  /** Goes on after `head`. `watch` is told of every record that gets its place. */
  constructor(
    reporter: Reporter,
    newId: () => string,
    head: Head = beforeFirst,
    watch: SealWatch = () => {},
  ) {
    this.#reporter = reporter;
    this.#newId = newId;
    this.#head = head;
    this.#watch = watch;
  }

  /** The event's line, without newline, as the next one of the chain. */
  seal(event: AuditEvent): string {
    const sequence = this.#head.sequence + 1;
    const line = JSON.stringify({
      ...event,
      metadata: {
        ...(event['metadata'] as object),
        version: '1.8.0',
        profiles: event['trace'] === undefined ? profiles : [...profiles, 'trace'],
        product: { name: 'peergate', vendor_name: 'peergate', version: this.#reporter.version },
        uid: this.#newId(),
        sequence,
        reporter: { uid: this.#reporter.instance },
      },
      unmapped: { ...(event['unmapped'] as object), integrity: { previous: this.#head.hash } },
    });
    this.#head = { sequence, hash: hashOfLine(line) };
    this.#watch(this.#head, event);
    return line;
  }
}
