// The two rate limits: per client address before anything costs a signature check, and per caller after it. Both say in
// standard header fields how much is left.
import { hash } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { MemoryStore, type Options } from 'express-rate-limit';
import { GatewayError } from '../errors.ts';
import type { SharedState } from '../state/shared-state.ts';
import { addressKey } from './client-address.ts';
import { callerOf, contextOf } from './request-context.ts';

const windowMs = 60_000;

/** Where a limit is counted; `undefined`: in memory of its own. */
export type StoreFor = SharedState['rateLimitStore'];

export interface RateLimitServices {
  readonly storeFor: StoreFor;
  /** Told of each request over the limit of this name. */
  readonly limited: (name: string) => void;
}

export const addressRateLimit = (limitPerMinute: number, services: RateLimitServices): RequestHandler =>
  limiter('address', limitPerMinute, services, (response) => addressKey(contextOf(response).clientAddress));

export const callerRateLimit = (limitPerMinute: number, services: RateLimitServices): RequestHandler =>
  limiter('caller', limitPerMinute, services, (response) => {
    const { issuer, subject } = callerOf(response);
    return JSON.stringify([issuer, subject]);
  });

/**
 * Counts with a store of `express-rate-limit`. Its handler would put settings, keys and answers through ten promises for each
 * request, of which nothing is needed here.
 */
function limiter(
  name: string,
  limit: number,
  { storeFor, limited }: RateLimitServices,
  keyOf: (response: Response) => string,
): RequestHandler {
  if (limit === 0) return (_request, _response, next) => next();
  const store = storeFor(name) ?? new MemoryStore();
  store.init?.({ windowMs } as Options);
  const partitionOf = partitions();
  const policy = `"${name}"; q=${limit}; w=${windowMs / 1000}`;
  return async (_request, response, next) => {
    const key = keyOf(response);
    // A store that fails has counted nothing.
    const { totalHits, resetTime } = await store.increment(key);
    const left = secondsUntil(resetTime);
    const { fields } = contextOf(response);
    fields.push('RateLimit', `"${name}"; r=${Math.max(0, limit - totalHits)}; t=${left}`);
    fields.push('RateLimit-Policy', `${policy}; pk=:${partitionOf(key)}:`);
    if (totalHits <= limit) return next();
    limited(name);
    const detail = `The limit is ${limit} a minute for each ${name}.`;
    throw new GatewayError('rate-limited', { detail, headers: { 'Retry-After': String(left) } });
  };
}

const secondsUntil = (time: Date | undefined): number =>
  time === undefined ? windowMs / 1000 : Math.max(0, Math.ceil((time.getTime() - Date.now()) / 1000));

/** Partition keys that are remembered; an address or a caller comes more than once. */
const mostPartitions = 10_000;

/**
 * `pk` of draft-ietf-httpapi-ratelimit-headers-08, section 3.1.3: tells one caller's count from another's, and nobody who the
 * caller is.
 */
function partitions(): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= mostPartitions) known.clear();
    const partition = Buffer.from(hash('sha256', key).slice(0, 12)).toString('base64');
    known.set(key, partition);
    return partition;
  };
}
