// What an Idempotency-Key promises (draft-ietf-httpapi-idempotency-key-header): the same request gets the same answer, and is
// carried out once. This is the vocabulary of the stores that keep the promise.
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

export type Begun =
  /** The key is held now; nobody used it before, or nothing came of it. */
  | { readonly state: 'held' }
  /** The key is held now; `requests` are those whose create may or may not have been carried out, the newest first. */
  | { readonly state: 'held-in-doubt'; readonly requests: readonly string[] }
  | { readonly state: 'running' }
  | { readonly state: 'another-request' }
  /** `first` is the request whose create the answer is about. */
  | { readonly state: 'answered'; readonly answer: StoredAnswer; readonly first: string };

export type KeyState = Begun['state'];

/** So many requests under one key are remembered as possibly carried out; each was sent because the one before was not found. */
const maxRequests = 20;

export const withNewest = (request: string, requests: readonly string[]): readonly string[] =>
  [request, ...requests].slice(0, maxRequests);

/** Every method throws or rejects with `idempotency-unavailable` when the store cannot keep its promise. */
export interface IdempotencyStore {
  /** Takes the key, or says why not. Whoever holds it must end with `free`, `doubt` or `answer`. */
  begin(use: KeyUse): Begun | Promise<Begun>;
  /** What was in doubt has not been found: from now on the holder's own create may have been carried out, too. */
  sendAgain(use: KeyUse): void | Promise<void>;
  /** Is the key held for certain? Not so when another instance may have it by now. */
  holds(use: KeyUse): boolean;
  /** Nothing was sent: the key is as good as new. */
  free(use: KeyUse): void | Promise<void>;
  /** Nobody knows what came of it: the next request with the key has to find out. */
  doubt(use: KeyUse): void | Promise<void>;
  /** This is the answer from now on; `first` is the request whose create it is about. */
  answer(use: KeyUse, answer: StoredAnswer, first: string): void | Promise<void>;
}
