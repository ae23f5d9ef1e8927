// Who created which peering, for as long as anybody may ask. A creator that is not known is nobody: the store never guesses.

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

/** Creators in this process's memory, the oldest given up first. */
export class MemoryCreators implements CreatorStore {
  readonly #creators = new Map<string, Creator>();
  readonly #max: number;

  constructor(max = 100_000) {
    this.#max = max;
  }

  recordCreator(peeringId: string, creator: Creator): void {
    if (this.#creators.has(peeringId)) return;
    this.#creators.set(peeringId, creator);
    const [oldest] = this.#creators.keys();
    if (this.#creators.size > this.#max && oldest !== undefined) this.#creators.delete(oldest);
  }

  creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>> {
    const known = peeringIds.flatMap((id) => {
      const creator = this.#creators.get(id);
      return creator === undefined ? [] : [[id, creator] as const];
    });
    return Promise.resolve(new Map(known));
  }
}
