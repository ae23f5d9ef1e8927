// A store of creators that forgets peerings that are gone: those that two complete snapshots in a row did not list. An
// incomplete snapshot says nothing about what is gone.
import type { Logger } from '../logging/logger.ts';
import { Recent } from '../recent.ts';
import type { Creator, CreatorStore } from '../state/creators/creator-store.ts';
import { isComplete, peeringIds, type Snapshot } from './snapshot.ts';

/** Complete snapshots that must lack a peering. */
const maxAbsences = 2;
/** At least so many ids are followed. Older ones stay in the store for as long as it keeps them. */
const minFollowed = 100_000;

export class RetainedCreators implements CreatorStore {
  readonly #store: CreatorStore;
  readonly #logger: Logger;
  /** How many complete snapshots in a row lacked a peering, by its id. */
  #absences = new Recent<number>(minFollowed);

  constructor(store: CreatorStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  get isShared(): boolean {
    return this.#store.isShared;
  }

  recordCreator(peeringId: string, creator: Creator): void | Promise<void> {
    if (!this.#absences.has(peeringId)) this.#absences.set(peeringId, 0);
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
    const absences = new Recent<number>(minFollowed);
    for (const id of listed) absences.set(id, 0);
    const gone: string[] = [];
    for (const [id, before] of this.#absences.entries()) {
      if (listed.has(id)) continue;
      absences.set(id, before + 1);
      if (before + 1 >= maxAbsences) gone.push(id);
    }
    this.#absences = absences;
    try {
      await this.removeCreators(gone);
      for (const id of gone) this.#absences.delete(id);
    } catch (error) {
      this.#logger.warn({ err: error }, 'the creators of peerings that are gone could not be removed');
    }
  }
}
