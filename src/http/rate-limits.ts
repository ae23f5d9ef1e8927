// The two rate limits: per client address before anything costs a signature check, and per caller after it. Both say in
// standard header fields how much is left.
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, type Options, rateLimit, type Store } from 'express-rate-limit';
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
  const options: Partial<Options> = {
    ...(store === undefined ? {} : { store }),
    windowMs,
    limit,
    keyGenerator,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Its checks are about Express's own idea of the client address, which is not used here.
    validate: false,
    handler: (_request, _response, next) => {
      limited(name);
      next(
        new GatewayError('rate-limited', {
          detail: `The limit is ${limit} a minute for each ${name}.`,
        }),
      );
    },
  };
  return rateLimit(options);
}
