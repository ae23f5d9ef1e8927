// Which create made a peering, as far as it is known: by this instance, by its log, and by the store that instances share.
// Never guesses: a peering that several creates may have made belongs to none.
import { Recent } from '../recent.ts';
import type { CreatorStore } from '../state/creators/creator-store.ts';

/** A create whose outcome is not known. */
export interface UnsettledCreate {
  readonly facts: { readonly gatewayRequestId: string };
  /** Peerings that it cannot have made, since they existed before. */
  readonly before: ReadonlySet<string>;
}

/** Bound on the ids kept of peerings with a known creator, and of ambiguous ones. */
const maxIds = 100_000;

/** Peerings by the vendor's id, creates by the gateway's id of their request. */
export class Attribution {
  readonly #creators: CreatorStore | undefined;
  readonly #known = new Recent<string>(maxIds);
  /** Peerings that more than one create may have made, and who found that out. */
  readonly #ambiguous = new Recent<'here' | 'elsewhere'>(maxIds);

  constructor(creators: CreatorStore | undefined) {
    this.#creators = creators;
  }

  creatorOf(peeringId: string): string | undefined {
    return this.#known.get(peeringId);
  }

  /** May any create have made it, as far as is known here? */
  isUncertain(peeringId: string): boolean {
    return !this.#known.has(peeringId) || this.#ambiguous.has(peeringId);
  }

  recordCreator(peeringId: string, gatewayRequestId: string): void {
    this.#known.set(peeringId, gatewayRequestId);
    this.#ambiguous.delete(peeringId);
  }

  /** Those that this instance called ambiguous. */
  get ambiguousIds(): string[] {
    return [...this.#ambiguous.entries()].flatMap(([id, by]) => (by === 'here' ? id : []));
  }

  recordAmbiguous(peeringId: string): void {
    this.#ambiguous.set(peeringId, 'here');
  }

  /** Learns what other instances know of these peerings. Rejects if the store cannot be asked. */
  async learn(peeringIds: readonly string[]): Promise<void> {
    const unknown = peeringIds.filter((id) => !this.#known.has(id));
    if (this.#creators === undefined || unknown.length === 0) return;
    for (const [id, { requestId, isReconciled }] of await this.#creators.creatorsOf(unknown)) {
      this.recordCreator(id, requestId);
      // Another instance knew nothing of this one's open creates when it took the peering from the list.
      if (isReconciled) this.#ambiguous.set(id, 'elsewhere');
    }
  }

  mayHaveMade({ facts, before }: UnsettledCreate, peeringId: string): boolean {
    const creator = this.#known.get(peeringId);
    const isOthers = creator !== undefined && creator !== facts.gatewayRequestId;
    return !before.has(peeringId) && (!isOthers || this.#ambiguous.has(peeringId));
  }

  /** Did none of the others make it? `others` may include the create. */
  mustHaveMade(create: UnsettledCreate, peeringId: string, others: Iterable<UnsettledCreate>): boolean {
    if (!this.mayHaveMade(create, peeringId)) return false;
    if (this.#known.get(peeringId) === create.facts.gatewayRequestId) return true;
    if (this.#ambiguous.has(peeringId)) return false;
    return [...others].every((other) => other === create || !this.mayHaveMade(other, peeringId));
  }
}
