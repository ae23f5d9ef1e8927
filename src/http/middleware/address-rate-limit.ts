// Limits requests per client address, before any signature is checked.
import type { RequestHandler } from 'express';
import type { RateLimiter } from '../../state/rate-limit/rate-limiter.ts';
import { contextOf } from '../request-context.ts';
import { addressKey } from './client-address.ts';

/** Refuses with `rate-limited`. */
export const addressRateLimit =
  (limiter: RateLimiter): RequestHandler =>
  async (_request, response, next) => {
    const { clientAddress, fields } = contextOf(response);
    const { headers, refusal } = await limiter.count(addressKey(clientAddress));
    fields.push(...headers);
    if (refusal !== undefined) throw refusal;
    next();
  };
