// What is wrong with a log, as people and programs are told: each deviation once, at the line where it shows. A bounded
// number of them is kept; the rest is counted.
import type { Place } from '../record/read-values.ts';

export type FindingKind = 'changed' | 'missing' | 'duplicated' | 'foreign' | 'unsigned' | 'unreadable';

/** One deviation from what the gateway wrote. */
export interface Finding extends Place {
  readonly kind: FindingKind;
  /** `undefined` for what has no place in a chain. */
  readonly chain?: string | undefined;
  /** Sequence numbers of the records concerned; 0 for what has none. */
  readonly from: number;
  readonly to: number;
  /** For people: one sentence. */
  readonly description: string;
}

export interface Draft extends Omit<Finding, 'description' | 'to'> {
  to: number;
  /** Given `Record 7`, or `Records 7 to 9`. */
  readonly describe: (records: string) => string;
}

const maxFindings = 10_000;

export class Findings {
  readonly #drafts: Draft[] = [];
  readonly #latest = new Map<FindingKind, Draft>();
  /** Found, but not kept. */
  more = 0;

  /** Neighbouring records of which the same is said become one finding. */
  add(draft: Draft): void {
    const last = this.#latest.get(draft.kind);
    if (last !== undefined && last.chain === draft.chain && draft.from > 0 && draft.from === last.to + 1) {
      last.to = draft.to;
    } else if (this.#drafts.length < maxFindings) {
      this.#drafts.push(draft);
      this.#latest.set(draft.kind, draft);
    } else this.more += 1;
  }

  /** In the order of the files as they were given. */
  all(files: readonly string[]): Finding[] {
    const order = new Map(files.map((file, index) => [file, index]));
    const at = ({ file }: Draft): number => order.get(file) ?? 0;
    return this.#drafts
      .toSorted((a, b) => at(a) - at(b) || a.line - b.line)
      .map(({ describe, ...draft }) => ({ ...draft, description: describe(recordsIn(draft)) }));
  }
}

function recordsIn({ from, to }: Pick<Finding, 'from' | 'to'>): string {
  if (to === 0) return 'A record';
  return from === to ? `Record ${from}` : `Records ${from} to ${to}`;
}
