// The lease of an Idempotency-Key: from the moment that a request holds the key until it gives it back, which it does once,
// whatever became of the create: with an answer, released, or indeterminate.
import { GatewayError } from '../../errors.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { isOf } from '../../reconciliation/match-peering.ts';
import type { Parsed } from '../../request/request.ts';
import type { KeyUse, StoredAnswer } from '../../state/idempotency/idempotency-store.ts';
import { isLive, type ListedPeering } from '../../upstream/peerings.ts';
import type { UpstreamAnswer } from '../../upstream/read-answer.ts';
import { UpstreamRefused } from '../../upstream/upstream-refused.ts';
import type { CreateTarget } from './create-peering.ts';

/** An earlier request with the same key had this answer, or made this peering; nothing was sent. */
export interface Replayed {
  readonly by: 'replay';
  readonly answer: StoredAnswer;
  /** The gateway's id of the request whose create the answer is about. */
  readonly creator: string;
}

export type Created = Replayed | { readonly by: 'upstream'; readonly answer: UpstreamAnswer };

export class IdempotencyLease {
  readonly #use: KeyUse;
  readonly #request: Parsed<CreateTarget>;
  readonly #services: PipelineServices;
  /** Earlier requests whose create may have been carried out, the newest first. */
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
   * Was one of the earlier creates carried out? `undefined`: none was, and this request's own may be sent. A peering that is
   * rejected, deleted or the like may be older than that create; unless its creator is known, it is no proof, and in
   * nobody's way.
   */
  async findEarlierCreate(): Promise<Replayed | undefined> {
    const earlier = this.#indeterminate;
    if (earlier === undefined) return undefined;
    const { network, reconciler, idempotency } = this.#services;
    const { target, requestId } = this.#request;
    const peerings = await network.peerings(target.clusterId, requestId);
    const alike = peerings.filter((listed) => isOf(target.peering, listed));
    const made =
      alike.find(({ id }) => earlier.includes(reconciler.creatorOf(id) ?? '')) ??
      alike.find((listed) => reconciler.creatorOf(listed.id) === undefined && isLive(listed));
    if (made !== undefined) {
      const creator = reconciler.creatorOf(made.id) ?? earlier[0] ?? '';
      return { by: 'replay', answer: asCreated(made), creator };
    }
    // From here on this request's own create may have been carried out, too.
    await idempotency.resume(this.#use);
    this.#indeterminate = undefined;
    return undefined;
  }

  /** Throws when another instance may hold the key by now, as after a long wait without the store. */
  requireHeld(): void {
    if (this.#services.idempotency.holds(this.#use)) return;
    throw new GatewayError('idempotency-unavailable', {
      headers: { 'Retry-After': '5' },
      context: { sent: 'no' },
    });
  }

  async complete(created: Created): Promise<void> {
    const { answer } = created;
    const creator = created.by === 'replay' ? created.creator : this.#use.owner;
    const { idempotency } = this.#services;
    if (isFinal(answer.status))
      await this.#giveBack(() => idempotency.complete(this.#use, stored(answer), creator));
    else if (answer.status >= 500) await this.#giveBack(() => idempotency.markIndeterminate(this.#use));
    else await this.#giveBack(() => idempotency.release(this.#use));
  }

  /** What the gateway refused releases the key; what may have been carried out does not. */
  async fail(error: unknown): Promise<void> {
    const { idempotency } = this.#services;
    const released = this.#indeterminate === undefined && wasNotSent(error);
    await this.#giveBack(() =>
      released ? idempotency.release(this.#use) : idempotency.markIndeterminate(this.#use),
    );
  }

  /** The answer reaches its caller in any case; a key that is not given back is indeterminate when its lease ends. */
  async #giveBack(action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch {
      // The store has said so in the log.
    }
  }
}

const wasNotSent = (error: unknown): boolean =>
  error instanceof UpstreamRefused || (error instanceof GatewayError && error.sent === 'no');

/** The answer to a create whose peering is listed (interface, section 3). */
const asCreated = (listed: ListedPeering): StoredAnswer => ({
  status: 201,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify(listed)),
  requestId: undefined,
});

const stored = ({ status, headers, body, requestId }: StoredAnswer): StoredAnswer => ({
  status,
  headers,
  body,
  requestId,
});

/** Answers that a repetition would not change (interface, section 3). */
const isFinal = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && ![408, 425, 429].includes(status));
