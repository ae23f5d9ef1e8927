// How long Aerospike Cloud or its token endpoint wants to be left alone, for whoever asks again by itself.
import { GatewayError } from '../errors.ts';
import { waitMsOf } from '../outbound/retry-after.ts';

/** Milliseconds, bounded; 0 when the failed read brought no `Retry-After`. `now`: milliseconds since the epoch. */
export const retryAfterMsOf = (error: unknown, now: number): number =>
  error instanceof GatewayError ? waitMsOf(error.headers['Retry-After'], now) : 0;
