// The interface of a store for idempotency keys (draft-ietf-httpapi-idempotency-key-header). Requests with the same key get the
// same answer and are carried out once.
import { GatewayError } from '../../errors.ts';
import type { AnswerParts } from '../../net/passable-answer.ts';

/** One use of a key. */
export interface KeyUse {
  /** Hash of caller, cluster and key, so that the keys of two callers never collide. */
  readonly key: string;
  /** Hash of the request's values. */
  readonly fingerprint: string;
  /** The gateway's id of the request that acquires the key. */
  readonly owner: string;
}

export type Acquired =
  /** The key is held now. No earlier create with it can have been carried out. */
  | { readonly state: 'acquired' }
  /** The key is held now. The creates of `requests`, newest first, may have been carried out. */
  | { readonly state: 'acquired-indeterminate'; readonly requests: readonly string[] }
  | { readonly state: 'running' }
  | { readonly state: 'another-request' }
  /** `creator`: the request that created the peering. */
  | { readonly state: 'answered'; readonly answer: AnswerParts; readonly creator: string };

export type KeyState = Acquired['state'];

/** Bound on the indeterminate requests per key. Each was sent because no result of the earlier ones was found. */
const maxRequests = 20;

export const withNewest = (request: string, requests: readonly string[]): readonly string[] =>
  [request, ...requests].slice(0, maxRequests);

/** Every method throws or rejects with `idempotency-unavailable` if the store is unavailable. */
export interface IdempotencyStore {
  /** The holder must end the lease with `release`, `markIndeterminate` or `complete`. */
  acquire(use: KeyUse): Acquired | Promise<Acquired>;
  /** The earlier creates were not carried out. From now on the holder's own create may be. */
  resume(use: KeyUse): void | Promise<void>;
  /** Does this request certainly hold the key? `false` if its lease may have expired. */
  holds(use: KeyUse): boolean;
  /** Nothing was sent: the key is unused again. */
  release(use: KeyUse): void | Promise<void>;
  /** The result is unknown. The next request with the key must determine it. */
  markIndeterminate(use: KeyUse): void | Promise<void>;
  /** Stores the answer for replay. `creator`: the request that created the peering. */
  complete(use: KeyUse, answer: AnswerParts, creator: string): void | Promise<void>;
}

/** Nothing can be said of a key, so nothing is sent. `retryAfter`: seconds. */
export const idempotencyUnavailable = (cause?: unknown, retryAfter = 5): GatewayError =>
  new GatewayError('idempotency-unavailable', {
    headers: { 'Retry-After': String(retryAfter) },
    context: { sent: 'no' },
    cause,
  });
