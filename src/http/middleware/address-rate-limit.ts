// Limits requests per client address, before any signature is checked.
import type { RateLimiter } from '../../state/rate-limit/rate-limiter.ts';
import type { RequestContext } from '../request-context.ts';
import { addressKey } from './client-address.ts';

/** Rejects with `rate-limited`. Every answer from now on has the rate limit headers. */
export async function limitAddress(
  limiter: RateLimiter,
  { clientAddress, fields }: RequestContext,
): Promise<void> {
  const { headers, refusal } = await limiter.count(addressKey(clientAddress));
  fields.push(...headers);
  if (refusal !== undefined) throw refusal;
}
