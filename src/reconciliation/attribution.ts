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

/** Why a peering that is attributed to a create, or to none, may be another one's. */
type Doubt =
  /** This instance found several creates that may have made it. */
  | 'ambiguous'
  /** This instance took it from the list, and knew nothing of the open creates of others. */
  | 'taken-here'
  /** Another instance took it from the list, and knew nothing of the open creates of this one. */
  | 'taken-elsewhere';

/** Peerings by the vendor's id, creates by the gateway's id of their request. */
export class Attribution {
  readonly #creators: CreatorStore | undefined;
  readonly #known = new Recent<string>(maxIds);
  readonly #doubts = new Recent<Doubt>(maxIds);

  constructor(creators: CreatorStore | undefined) {
    this.#creators = creators;
  }

  creatorOf(peeringId: string): string | undefined {
    return this.#known.get(peeringId);
  }

  /** May any create have made it, as far as is known here? */
  isUncertain(peeringId: string): boolean {
    return !this.#known.has(peeringId) || this.#doubts.has(peeringId);
  }

  /** The upstream's answer to the create names the peering. */
  recordCreator(peeringId: string, gatewayRequestId: string): void {
    this.#known.set(peeringId, gatewayRequestId);
    this.#doubts.delete(peeringId);
  }

  /** Reconciliation found the peering in the list. */
  recordTaken(peeringId: string, gatewayRequestId: string): void {
    this.recordCreator(peeringId, gatewayRequestId);
    if (this.#creators?.isShared) this.#doubts.set(peeringId, 'taken-here');
  }

  /** Those that this instance called ambiguous. */
  get ambiguousIds(): string[] {
    return [...this.#doubts.entries()].flatMap(([id, doubt]) => (doubt === 'ambiguous' ? id : []));
  }

  recordAmbiguous(peeringId: string): void {
    this.#doubts.set(peeringId, 'ambiguous');
  }

  /** Learns what other instances know of these peerings. Rejects if the store cannot be asked. */
  async learn(peeringIds: readonly string[]): Promise<void> {
    const unknown = peeringIds.filter((id) => !this.#known.has(id));
    if (this.#creators === undefined || unknown.length === 0) return;
    for (const [id, { requestId, isReconciled }] of await this.#creators.creatorsOf(unknown)) {
      const doubt = this.#doubts.get(id);
      this.recordCreator(id, requestId);
      if (isReconciled) this.#doubts.set(id, doubt ?? 'taken-elsewhere');
    }
  }

  mayHaveMade({ facts, before }: UnsettledCreate, peeringId: string): boolean {
    const creator = this.#known.get(peeringId);
    const isOthers = creator !== undefined && creator !== facts.gatewayRequestId;
    return !before.has(peeringId) && (!isOthers || this.#isContested(peeringId));
  }

  /** Did none of the others make it? `others` may include the create. */
  mustHaveMade(create: UnsettledCreate, peeringId: string, others: Iterable<UnsettledCreate>): boolean {
    if (!this.mayHaveMade(create, peeringId)) return false;
    if (this.#known.get(peeringId) === create.facts.gatewayRequestId) return true;
    if (this.#isContested(peeringId)) return false;
    return [...others].every((other) => other === create || !this.mayHaveMade(other, peeringId));
  }

  /** May it be of a create of this instance that it is not attributed to? */
  #isContested(peeringId: string): boolean {
    const doubt = this.#doubts.get(peeringId);
    return doubt === 'ambiguous' || doubt === 'taken-elsewhere';
  }
}
