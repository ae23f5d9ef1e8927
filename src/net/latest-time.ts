// A bound on times that others wrote, in milliseconds since the epoch: RFC 3339 has four digits for the year, and `Date` throws
// for what it cannot hold.

/** So far from the last of them that what follows a time by days can be written, too. */
export const latestTime = Date.UTC(9999, 0);
