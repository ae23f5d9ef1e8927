// Follows intents to their ends along a log: which are still open, and which peerings the others made. Holds only what is
// open, and a bounded number of ids.
import { memberOf } from '../../net/json.ts';
import { Recent } from '../../recent.ts';
import type { FoundRecord } from '../record/found-record.ts';
import type { RecordAt } from '../record/read-records.ts';

/** An intent whose end the log does not know. */
export interface OpenIntent {
  readonly file: string;
  readonly line: number;
  readonly record: FoundRecord;
  /**
   * `none`: no outcome follows it. `unknown`: one does, and says that nobody can know. `ambiguous`: reconciliation found a
   * peering that another create may have made.
   */
  readonly outcome: 'none' | 'unknown' | 'ambiguous';
}

/** The create that made a peering. `isReconciled`: reconciliation found the peering in the list, no answer said so. */
type KnownCreate = { readonly requestId: string; readonly isReconciled: boolean };

/** An id is not forgotten before so many later ones. */
const minIds = 50_000;
const intent = /^peering\.(?:create|delete)\.intent$/;
const ending = /^peering\.(?:create|delete)\.(?:outcome|reconciled)$/;

export class OpenIntents {
  readonly #open = new Map<string, OpenIntent>();
  readonly #ended = new Recent<true>(minIds);
  /** Requests by ids of peerings. */
  readonly #ambiguous = new Recent<string>(minIds);
  readonly #known = new Recent<KnownCreate>(minIds);

  /** Takes the records of one log. The first end of a request counts, even if its intent is taken later, or once more. */
  take({ file, line, record }: Omit<RecordAt, 'text'>): void {
    const code = memberOf(record['metadata'], 'event_code');
    if (typeof code !== 'string') return;
    const id = memberOf(memberOf(record['api'], 'request'), 'uid');
    if (typeof id !== 'string') return;
    if (this.#ended.has(id)) return;
    if (intent.test(code)) this.#open.set(id, { file, line, record, outcome: 'none' });
    else if (ending.test(code)) this.#end(id, record);
  }

  /** The vendor's ids of peerings that more than one create may have made. */
  get ambiguousPeerings(): readonly string[] {
    return [...this.#ambiguous.entries().keys()];
  }

  /** In the order of the log. */
  get intents(): OpenIntent[] {
    return [...this.#open.values()];
  }

  /** The creates that made peerings, by the vendor's ids of these. */
  get knownPeerings(): ReadonlyMap<string, KnownCreate> {
    return this.#known.entries();
  }

  #end(id: string, record: FoundRecord): void {
    const { unmapped } = record;
    if (record['status_id'] === 0) {
      this.#leaveOpen(id, memberOf(memberOf(unmapped, 'reconciled'), 'ambiguous'));
      return;
    }
    this.#open.delete(id);
    this.#ended.set(id, true);
    const answered = memberOf(memberOf(unmapped, 'upstream'), 'resourceId');
    const made = answered ?? memberOf(memberOf(unmapped, 'reconciled'), 'resourceId');
    if (typeof made === 'string')
      this.#known.set(made, { requestId: id, isReconciled: answered === undefined });
  }

  /** `ambiguous`: the ids of the peerings that it may have made, if reconciliation found any. */
  #leaveOpen(id: string, ambiguous: unknown): void {
    const open = this.#open.get(id);
    const outcome = ambiguous === undefined ? 'unknown' : 'ambiguous';
    if (open !== undefined) this.#open.set(id, { ...open, outcome });
    for (const made of Array.isArray(ambiguous) ? ambiguous : [])
      if (typeof made === 'string') this.#ambiguous.set(made, id);
  }
}
