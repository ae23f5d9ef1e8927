// The lease of an Idempotency-Key. A request ends its lease exactly once: with the answer, by releasing it, or by marking it
// indeterminate.
import { GatewayError } from '../../errors.ts';
import type { AnswerParts } from '../../net/passable-answer.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { isOf } from '../../reconciliation/match-peering.ts';
import type { Parsed } from '../../request/request.ts';
import { idempotencyUnavailable, type KeyUse } from '../../state/idempotency/idempotency-store.ts';
import { isLive, type ListedPeering } from '../../upstream/peerings.ts';
import type { UpstreamAnswer } from '../../upstream/read-answer.ts';
import { UpstreamRefused } from '../../upstream/upstream-refused.ts';
import type { CreateTarget } from './create-peering.ts';

/** The answer of an earlier request with the same key. Nothing was sent for this one. */
export interface Replayed {
  readonly by: 'replay';
  readonly answer: AnswerParts;
  /** The gateway's id of the request that created the peering. */
  readonly creator: string;
}

export type Created = Replayed | { readonly by: 'upstream'; readonly answer: UpstreamAnswer };

export class IdempotencyLease {
  readonly #use: KeyUse;
  readonly #request: Parsed<CreateTarget>;
  readonly #services: PipelineServices;
  /** Earlier requests whose create may have been carried out, newest first. */
  #indeterminate: readonly string[] | undefined;

  constructor(
    use: KeyUse,
    request: Parsed<CreateTarget>,
    services: PipelineServices,
    indeterminate: readonly string[] | undefined,
  ) {
    this.#use = use;
    this.#request = request;
    this.#services = services;
    this.#indeterminate = indeterminate;
  }

  /**
   * The result of an earlier create that was carried out; `undefined` if none was, and this request's own may be sent. Ignores
   * a peering of uncertain creator that is not live: it may be older than the create, and does not prevent a new one.
   */
  async findEarlierCreate(): Promise<Replayed | undefined> {
    const earlier = this.#indeterminate;
    if (earlier === undefined) return undefined;
    const { network, reconciler, idempotency } = this.#services;
    const { attribution } = reconciler;
    const { target, requestId } = this.#request;
    const { entries: peerings } = await network.peerings(target.clusterId, requestId, true);
    const alike = peerings.filter((listed) => isOf(target.peering, listed));
    await attribution.learn(alike.map(({ id }) => id)).catch(() => {
      throw idempotencyUnavailable();
    });
    const creatorOf = ({ id }: ListedPeering) =>
      earlier.find((requestId) => requestId === attribution.creatorOf(id));
    const created =
      alike.find((listed) => creatorOf(listed) !== undefined) ??
      alike.find((listed) => attribution.isUncertain(listed.id) && isLive(listed));
    if (created !== undefined) {
      const creator = creatorOf(created) ?? earlier[0] ?? '';
      return { by: 'replay', answer: asCreated(created), creator };
    }
    // From now on this request's own create may be carried out, too.
    await idempotency.resume(this.#use);
    this.#indeterminate = undefined;
    return undefined;
  }

  /** Throws if another instance may hold the key by now, for example after a long outage of the store. */
  requireHeld(): void {
    if (this.#services.idempotency.holds(this.#use)) return;
    throw idempotencyUnavailable();
  }

  async complete(created: Created): Promise<void> {
    const { answer } = created;
    const creator = created.by === 'replay' ? created.creator : this.#use.owner;
    const { idempotency } = this.#services;
    if (isFinal(answer.status))
      await this.#end(() => idempotency.complete(this.#use, stored(answer), creator));
    else if (answer.status >= 500) await this.#end(() => idempotency.markIndeterminate(this.#use));
    else await this.#end(() => idempotency.release(this.#use));
  }

  /** Releases the key only if no create can have been carried out. */
  async fail(error: unknown): Promise<void> {
    const { idempotency } = this.#services;
    const released = this.#indeterminate === undefined && wasNotSent(error);
    await this.#end(() =>
      released ? idempotency.release(this.#use) : idempotency.markIndeterminate(this.#use),
    );
  }

  /** Never rejects: the caller gets the answer in any case. A key that stays held is indeterminate once its lease expires. */
  async #end(action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch {
      // The store has logged it.
    }
  }
}

const wasNotSent = (error: unknown): boolean =>
  error instanceof UpstreamRefused || (error instanceof GatewayError && error.sent === 'no');

/** The answer to a create whose peering was found in the list. */
const asCreated = (listed: ListedPeering): AnswerParts => ({
  status: 201,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify(listed)),
  requestId: undefined,
});

const stored = ({ status, headers, body, requestId }: AnswerParts): AnswerParts => ({
  status,
  headers,
  body,
  requestId,
});

/** Answers that repeating the request would not change. */
const isFinal = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && ![408, 425, 429].includes(status));
