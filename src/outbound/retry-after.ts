// Parses `Retry-After` of another server's answer (RFC 9110 section 10.2.3): whole seconds or a date. A malformed value counts
// as absent. The wait is bounded.
import type { IncomingHttpHeaders } from 'node:http';

const maxWaitMs = 300_000;

const seconds = /^\d{1,10}$/;
/** The three forms of RFC 9110 section 5.6.7. The last one is in UTC, too. */
const date =
  /^(?:[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -](?:\d\d){1,2} [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/** The unchanged value of the field, if it is well-formed. */
export const retryAfterIn = (headers: IncomingHttpHeaders): string | undefined => {
  const value: unknown = headers['retry-after'];
  return isRetryAfter(value) ? value : undefined;
};

export const isRetryAfter = (value: unknown): value is string =>
  typeof value === 'string' && (seconds.test(value) || Number.isFinite(timeOf(value)));

/** Milliseconds from `now`, at most five minutes; 0 without a well-formed value. `now`: milliseconds since the epoch. */
export function waitMsOf(value: string | undefined, now: number): number {
  if (!isRetryAfter(value)) return 0;
  const waitMs = seconds.test(value) ? Number(value) * 1000 : timeOf(value) - now;
  return Math.min(Math.max(waitMs, 0), maxWaitMs);
}

const timeOf = (text: string): number =>
  date.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
