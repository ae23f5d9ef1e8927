// The promise of an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request gets the same answer and
// is carried out once. Defines what a store has to do for it.
import type { AnswerParts } from '../../net/passable-answer.ts';

/** An upstream answer that is given again. */
export type StoredAnswer = AnswerParts;

/** One use of a key. */
export interface KeyUse {
  /** Hash over the caller, the cluster and the key: what somebody else sends never meets it. */
  readonly key: string;
  /** Hash over the request's values. */
  readonly fingerprint: string;
  /** The gateway's id of the request that holds the key, or wants to. */
  readonly owner: string;
}

export type Acquired =
  /** The key is held now; nobody used it before, or nothing came of it. */
  | { readonly state: 'acquired' }
  /** The key is held now; `requests` are those whose create may or may not have been carried out, the newest first. */
  | { readonly state: 'acquired-indeterminate'; readonly requests: readonly string[] }
  | { readonly state: 'running' }
  | { readonly state: 'another-request' }
  /** `first` is the request whose create the answer is about. */
  | { readonly state: 'answered'; readonly answer: StoredAnswer; readonly first: string };

export type KeyState = Acquired['state'];

/** How many requests per key are kept as possibly carried out. Each was sent because the one before it was not found. */
const maxRequests = 20;

export const withNewest = (request: string, requests: readonly string[]): readonly string[] =>
  [request, ...requests].slice(0, maxRequests);

/** Every method throws or rejects with `idempotency-unavailable` when the store cannot keep its promise. */
export interface IdempotencyStore {
  /** Acquires the lease, or says why not. Its holder ends it with `release`, `markIndeterminate` or `complete`. */
  acquire(use: KeyUse): Acquired | Promise<Acquired>;
  /** The earlier creates were not carried out; from now on the holder's own create may be. */
  resume(use: KeyUse): void | Promise<void>;
  /** Does this request certainly hold the key? Not if its lease may have ended. */
  holds(use: KeyUse): boolean;
  /** Nothing was sent: the key is unused again. */
  release(use: KeyUse): void | Promise<void>;
  /** The result is unknown: the next request with the key has to find out. */
  markIndeterminate(use: KeyUse): void | Promise<void>;
  /** Stores the answer for replay; `first` is the request whose create it is about. */
  complete(use: KeyUse, answer: StoredAnswer, first: string): void | Promise<void>;
}
