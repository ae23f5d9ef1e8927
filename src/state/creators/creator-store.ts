// Who created which peering, for as long as anybody may ask. A creator that is not known is nobody: the store never guesses.
import { Recent } from '../../recent.ts';

export interface Creator {
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The gateway's id of the request. */
  readonly requestId: string;
}

/** `peeringId`: the vendor's UUID, as it is listed. */
export interface CreatorStore {
  /** Keeps what is known already: a peering has one creator. */
  recordCreator(peeringId: string, creator: Creator): void | Promise<void>;
  /** Those that are known of these. Rejects when the store cannot be asked. */
  creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>>;
}

/** Creators in this process's memory. The oldest are forgotten first. */
export class MemoryCreators implements CreatorStore {
  readonly #creators: Recent<Creator>;

  /** Keeps at least the latest `least`. */
  constructor(least = 100_000) {
    this.#creators = new Recent(least);
  }

  recordCreator(peeringId: string, creator: Creator): void {
    if (this.#creators.get(peeringId) === undefined) this.#creators.set(peeringId, creator);
  }

  creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>> {
    const known = peeringIds.flatMap((id) => {
      const creator = this.#creators.get(id);
      return creator === undefined ? [] : [[id, creator] as const];
    });
    return Promise.resolve(new Map(known));
  }
}
