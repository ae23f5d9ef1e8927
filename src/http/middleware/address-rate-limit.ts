// Limits requests per client address, before anything costs a signature check.
import type { RequestHandler } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import type { RateLimiter } from '../../state/rate-limit/rate-limiter.ts';
import { contextOf } from '../request-context.ts';

/** One customer commonly has an IPv6 network of this size, and with it any number of addresses. */
const ipv6Subnet = 56;

/** Refuses with `rate-limited`. */
export const addressRateLimit =
  (limiter: RateLimiter): RequestHandler =>
  async (_request, response, next) => {
    const { clientAddress, fields } = contextOf(response);
    const { headers, refusal } = await limiter.count(ipKeyGenerator(clientAddress, ipv6Subnet));
    fields.push(...headers);
    if (refusal !== undefined) throw refusal;
    next();
  };
