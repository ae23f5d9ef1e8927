// A store of creators that forgets peerings that are gone: those that two complete snapshots in a row did not list. An
// incomplete snapshot says nothing about what is gone.
import type { Logger } from '../logging/logger.ts';
import type { Creator, CreatorStore } from '../state/creators/creator-store.ts';
import { isComplete, peeringIds, type Snapshot } from './snapshot.ts';

/** Complete snapshots that must lack a peering. */
const maxAbsences = 2;
/** Ids that are followed; the oldest are given up first, and stay in the store for as long as it keeps them. */
const maxFollowed = 100_000;

export class RetainedCreators implements CreatorStore {
  readonly #store: CreatorStore;
  readonly #logger: Logger;
  /** How many complete snapshots in a row lacked a peering, by its id. */
  readonly #absences = new Map<string, number>();

  constructor(store: CreatorStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  recordCreator(peeringId: string, creator: Creator): void | Promise<void> {
    this.#follow(peeringId);
    return this.#store.recordCreator(peeringId, creator);
  }

  creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>> {
    return this.#store.creatorsOf(peeringIds);
  }

  removeCreators(peeringIds: readonly string[]): Promise<void> {
    return this.#store.removeCreators(peeringIds);
  }

  /** Never rejects: what could not be removed is tried again with the next snapshot. */
  async observe(snapshot: Snapshot): Promise<void> {
    if (!isComplete(snapshot)) return;
    const listed = new Set(peeringIds(snapshot));
    for (const [id, absences] of this.#absences) this.#absences.set(id, listed.has(id) ? 0 : absences + 1);
    for (const id of listed) this.#follow(id);
    const gone = [...this.#absences].flatMap(([id, absences]) => (absences >= maxAbsences ? id : []));
    try {
      await this.removeCreators(gone);
      for (const id of gone) this.#absences.delete(id);
    } catch (error) {
      this.#logger.warn({ err: error }, 'the creators of peerings that are gone could not be removed');
    }
  }

  #follow(id: string): void {
    if (this.#absences.has(id)) return;
    this.#absences.set(id, 0);
    const [oldest] = this.#absences.keys();
    if (this.#absences.size > maxFollowed && oldest !== undefined) this.#absences.delete(oldest);
  }
}
