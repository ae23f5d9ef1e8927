// An Idempotency-Key from the moment that a request holds it until it lets go of it, which it does once, whatever became of
// the create: with an answer, free, or in doubt.
import { GatewayError } from '../../errors.ts';
import type { IdempotencyStore, KeyUse, StoredAnswer } from '../../state/idempotency/idempotency-store.ts';

interface Served {
  readonly by: 'upstream' | 'preflight' | 'replay';
  readonly answer: StoredAnswer;
  readonly first?: string;
}

export class HeldKey {
  readonly #store: IdempotencyStore;
  readonly #use: KeyUse;
  #doubtful: readonly string[] | undefined;

  constructor(store: IdempotencyStore, use: KeyUse, doubtful: readonly string[] | undefined) {
    this.#store = store;
    this.#use = use;
    this.#doubtful = doubtful;
  }

  /** Earlier requests whose create may have been carried out, the newest first. */
  get doubtful(): readonly string[] | undefined {
    return this.#doubtful;
  }

  /** Nothing was found of them. Rejects when it cannot be kept in mind that one more is sent. */
  async sendAgain(): Promise<void> {
    await this.#store.sendAgain(this.#use);
    this.#doubtful = undefined;
  }

  /** Throws when the key may be another instance's by now, as after a long wait without the store. */
  requireHeld(): void {
    if (this.#store.holds(this.#use)) return;
    throw new GatewayError('idempotency-unavailable', {
      headers: { 'Retry-After': '5' },
      context: { sent: 'no' },
    });
  }

  /** `first` is the request whose create the answer is about, when it is not this one. */
  async settle({ by, answer, first = this.#use.owner }: Served): Promise<void> {
    if (by !== 'preflight' && isFinal(answer.status)) await this.#letGo('answer', { answer, first });
    else await this.#letGo(this.#doubtful !== undefined || answer.status >= 500 ? 'doubt' : 'free');
  }

  /** What the gateway refused frees the key; what may have been carried out does not. */
  async fail(error: unknown): Promise<void> {
    const sent = error instanceof GatewayError ? error.sent : 'maybe';
    await this.#letGo(this.#doubtful !== undefined || sent !== 'no' ? 'doubt' : 'free');
  }

  /** The answer reaches its caller in any case; a key that is not let go of is in doubt when its lease ends. */
  async #letGo(
    how: 'free' | 'doubt' | 'answer',
    answered?: { readonly answer: StoredAnswer; readonly first: string },
  ): Promise<void> {
    try {
      if (how === 'answer' && answered !== undefined)
        await this.#store.answer(this.#use, stored(answered.answer), answered.first);
      else if (how === 'doubt') await this.#store.doubt(this.#use);
      else await this.#store.free(this.#use);
    } catch {
      // The store has said so in the log.
    }
  }
}

const stored = ({ status, headers, body, requestId }: StoredAnswer): StoredAnswer => ({
  status,
  headers,
  body,
  requestId,
});

/** Answers that a repetition would not change (interface, section 3). */
const isFinal = (status: number): boolean =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && ![408, 425, 429].includes(status));
