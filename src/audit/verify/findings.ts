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
  /** For people: one line. */
  readonly description: string;
}

type Draft = Omit<Finding, 'description' | 'to'> & { to: number; readonly reason: string };

/** Where a finding shows; the record there, if it has a place in a chain. */
interface FoundAt extends Place {
  readonly chain?: string;
  readonly sequence?: number;
}

const maxFindings = 10_000;

export class Findings {
  readonly #drafts: Draft[] = [];
  readonly #latest = new Map<FindingKind, Draft>();
  /** Found, but not kept. */
  more = 0;

  /** `reason`: the rest of a sentence about the records. Neighbouring records with one reason become one finding. */
  add(kind: FindingKind, at: FoundAt, reason: string, from = at.sequence ?? 0, to = from): void {
    const { file, line, chain } = at;
    const last = this.#latest.get(kind);
    if (last?.chain === chain && last?.reason === reason && from > 0 && from === last.to + 1) {
      last.to = to;
    } else if (this.#drafts.length < maxFindings) {
      const draft = { kind, file, line, chain, from, to, reason };
      this.#drafts.push(draft);
      this.#latest.set(kind, draft);
    } else this.more += 1;
  }

  /** In the order of the files as they were given. */
  all(files: readonly string[]): Finding[] {
    const order = new Map(files.map((file, index) => [file, index]));
    const at = ({ file }: Draft): number => order.get(file) ?? 0;
    return this.#drafts
      .toSorted((a, b) => at(a) - at(b) || a.line - b.line)
      .map(({ reason, ...draft }) => ({ ...draft, description: `${recordsIn(draft)}: ${reason}.` }));
  }
}

function recordsIn({ from, to }: Pick<Finding, 'from' | 'to'>): string {
  if (to === 0) return 'A record';
  return from === to ? `Record ${from}` : `Records ${from} to ${to}`;
}
