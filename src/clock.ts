// The only source of time and of random ids. It is passed in everywhere, so that a test controls the time.
import { randomUUID } from 'node:crypto';

/** Time and ids as the gateway sees them. */
export interface Clock {
  /** Milliseconds since the epoch (UTC), as in RFC 9562's and OCSF's timestamps. */
  now(): number;
  /** Monotonic milliseconds, for durations. The time of day may jump. */
  monotonic(): number;
  /** A new random UUID (RFC 9562, version 4), lower case. */
  newId(): string;
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  newId: () => randomUUID(),
});
