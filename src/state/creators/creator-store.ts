// Who created which peering, for as long as anybody may ask. A creator that is not known is nobody: the store never guesses.
import type { Logger } from '../../logging/logger.ts';
import { Recent } from '../../recent.ts';

export interface Creator {
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The gateway's id of the request. */
  readonly requestId: string;
  /** Reconciliation found the peering in the list: no answer said that this create made it. */
  readonly isReconciled?: true | undefined;
}

/** `peeringId`: the vendor's UUID, as it is listed. */
export interface CreatorStore {
  /** Do other instances use it, too? */
  readonly isShared: boolean;
  /** Keeps what is known already: a peering has one creator. */
  recordCreator(peeringId: string, creator: Creator): void | Promise<void>;
  /** Those that are known of these. Rejects when the store cannot be asked. */
  creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>>;
  removeCreators(peeringIds: readonly string[]): Promise<void>;
}

/** What is known of the create that made a peering. */
interface Create {
  readonly caller?: Pick<Creator, 'issuer' | 'subject'> | undefined;
  readonly startedAt: number;
  readonly gatewayRequestId: string;
  readonly isReconciled?: true;
}

/** Never rejects: the peering exists whatever becomes of this; without it, nobody is known to have created it. */
export async function storeCreator(
  peeringId: string | undefined,
  { caller, startedAt: at, gatewayRequestId: requestId, isReconciled }: Create,
  { creators, logger }: { readonly creators: CreatorStore; readonly logger: Logger },
): Promise<void> {
  if (peeringId === undefined || caller === undefined) return;
  const { issuer, subject } = caller;
  try {
    await creators.recordCreator(peeringId, { issuer, subject, at, requestId, isReconciled });
  } catch (error) {
    logger.warn({ gatewayRequestId: requestId, err: error }, 'the creator of a peering could not be stored');
  }
}

/** Creators in this process's memory. The oldest are forgotten first. */
export class MemoryCreators implements CreatorStore {
  readonly isShared: boolean = false;
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

  removeCreators(peeringIds: readonly string[]): Promise<void> {
    for (const id of peeringIds) this.#creators.delete(id);
    return Promise.resolve();
  }
}
