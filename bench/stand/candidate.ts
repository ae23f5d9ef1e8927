// What a candidate is: how it is started, what it is measured by, what it claims to refuse, and what it does beside
// that.
import type { Probe } from './probe.ts';
import type { Stand } from './stand.ts';

/**
 * `create`: creates at a fixed number in flight, tokens that were seen before. `rate`: creates at a fixed low rate. `list`: lists at a
 * fixed number in flight. `new tokens`: as `create`, every token new. `create 32`: as `create`, with 32 in flight.
 */
export const measures = ['create', 'rate', 'list', 'new tokens', 'create 32'] as const;
export type Measure = (typeof measures)[number];

/** Of peergate, as `npm start` has them. */
export const nodeOptions: readonly string[] = ['--no-allocation-site-pretenuring'];

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Place {
  readonly stand: Stand;
  readonly port: number;
  /** Another free port. */
  readonly secondPort: number;
  /** In memory, its own. */
  readonly folder: string;
  /** On the disk, its own. */
  readonly disk: string;
}

export interface Candidate {
  readonly name: string;
  readonly what: string;
  readonly measures: readonly Measure[];
  /** Proven both ways: what it does not claim to refuse passes. */
  readonly refuses: readonly Probe[];
  /** What cannot be seen from one answer. */
  readonly besides: string;
  /** Why it cannot run here. */
  missing(): string | undefined;
  launch(place: Place): Launch;
}
