// The two rate limits: per client address before anything costs a signature check, and per caller after it. Both say in
// standard header fields how much is left.
import { hash } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, type RateLimitInfo, rateLimit, type Store } from 'express-rate-limit';
import { GatewayError } from '../errors.ts';
import { callerOf, contextOf } from './request-context.ts';

const windowMs = 60_000;
/** One customer commonly has an IPv6 network of this size, and with it any number of addresses. */
const ipv6Subnet = 56;

/** Where a limit is counted; `undefined`: in memory of its own. */
export type StoreFor = (name: string) => Store | undefined;

export interface RateLimitServices {
  readonly storeFor: StoreFor;
  /** Told of each request over the limit of this name. */
  readonly limited: (name: string) => void;
}

export const addressRateLimit = (limitPerMinute: number, services: RateLimitServices): RequestHandler =>
  limiter('address', limitPerMinute, services, (_request, response) =>
    ipKeyGenerator(contextOf(response).clientAddress, ipv6Subnet),
  );

export const callerRateLimit = (limitPerMinute: number, services: RateLimitServices): RequestHandler =>
  limiter('caller', limitPerMinute, services, (_request, response) => {
    const { issuer, subject } = callerOf(response);
    return JSON.stringify([issuer, subject]);
  });

function limiter(
  name: string,
  limit: number,
  { storeFor, limited }: RateLimitServices,
  keyGenerator: (request: Request, response: Response) => string,
): RequestHandler {
  if (limit === 0) return (_request, _response, next) => next();
  const store = storeFor(name);
  const partitionOf = partitions();
  const count = rateLimit({
    ...(store === undefined ? {} : { store }),
    windowMs,
    limit,
    keyGenerator,
    // Its own would be hashed and put together anew for each request.
    standardHeaders: false,
    legacyHeaders: false,
    // Its checks are about Express's own idea of the client address, which is not used here.
    validate: false,
    handler(request, response, next) {
      limited(name);
      response.setHeader('Retry-After', String(secondsUntil(countedOf(request).resetTime)));
      next(new GatewayError('rate-limited', { detail: `The limit is ${limit} a minute for each ${name}.` }));
    },
  });
  const policy = `"${name}"; q=${limit}; w=${windowMs / 1000}`;
  return (request, response, next) => {
    const goOn: NextFunction = (error?: unknown) => {
      // A store that fails has counted nothing.
      if (error !== undefined && !(error instanceof GatewayError)) return next(error);
      const { remaining, resetTime, key } = countedOf(request);
      response.appendHeader('RateLimit', `"${name}"; r=${remaining}; t=${secondsUntil(resetTime)}`);
      response.appendHeader('RateLimit-Policy', `${policy}; pk=:${partitionOf(key)}:`);
      next(error);
    };
    void count(request, response, goOn);
  };
}

/** What `express-rate-limit` leaves at the request. */
const countedOf = (request: Request): RateLimitInfo =>
  (request as Request & { readonly rateLimit: RateLimitInfo }).rateLimit;

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
