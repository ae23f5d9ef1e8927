// Has a process grown? Compares what it keeps whenever it is idle. The first points are left out: code, pools and caches are
// made then. Of the others, the median of the first quarter is compared with that of the last: one odd point decides nothing,
// and a leak that grows with the work, however slowly, separates the two.
import { median } from '../report/statistics.ts';

/** What a process keeps when it has nothing to do. */
export interface Point {
  /** Bytes of live objects and what belongs to them, after garbage collection. */
  readonly heap: number;
  readonly rss: number;
  /** Open files and sockets. */
  readonly fds: number;
  /** What keeps the event loop alive, by kind: timers, sockets, servers, workers. */
  readonly handles: Readonly<Record<string, number>>;
}

export interface Growth {
  readonly what: string;
  readonly first: number;
  readonly last: number;
  /** How much of it is allowed, as a share of `first`. */
  readonly allowed: number;
}

/** So much of a run is left out at its start. */
const warmShare = 0.2;
export const maxHeapGrowth = 0.05;

/** What is compared, leak or not. */
export function growthOf(points: readonly Point[], heapGrowth = maxHeapGrowth): Growth[] {
  const warm = points.slice(Math.ceil(points.length * warmShare));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  const between = (what: string, read: (point: Point) => number, allowed: number): Growth => ({
    what,
    first: median(warm.slice(0, quarter).map(read)),
    last: median(warm.slice(-quarter).map(read)),
    allowed,
  });
  const kinds = new Set(warm.flatMap(({ handles }) => Object.keys(handles)));
  return [
    between('live heap', ({ heap }) => heap, heapGrowth),
    between('open files and sockets', ({ fds }) => fds, 0),
    ...[...kinds].sort().map((kind) => between(kind, ({ handles }) => handles[kind] ?? 0, 0)),
  ];
}

/** One line for each thing that has grown more than it may. */
export const leaksIn = (growths: readonly Growth[]): string[] =>
  growths
    .filter(({ first, last, allowed }) => last > first * (1 + allowed))
    .map(({ what, first, last }) => `${what} grew from ${Math.round(first)} to ${Math.round(last)}`);
