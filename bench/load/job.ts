// What the load generator can be asked to do, and what it says of it.
import type { DeckShape } from './deck.ts';

/** What is not measured: at least so long, and then until so many were answered, but no longer than that. */
export interface WarmUp {
  readonly minMs: number;
  readonly requests: number;
  readonly maxMs: number;
}

export interface LoadJob {
  readonly port: number;
  readonly deck: DeckShape;
  /** Every answer has to have this status. */
  readonly expected: number;
  /** Closed: so many requests in flight all the time. Open: so many a second, whatever becomes of them. */
  readonly load: { readonly inFlight: number } | { readonly perSecond: number };
  readonly warm: WarmUp;
  readonly measuredMs: number;
  readonly watch: {
    readonly candidate: number;
    readonly upstream: number;
    readonly candidateCore: number;
    readonly loadCore: number;
  };
}

/** Of the measured time alone. */
export interface LoadOutcome {
  readonly requests: number;
  readonly seconds: number;
  /** Closed loop: from sending. Open loop: from the time at which the request was due, whenever it could be sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Open loop: how late the generator itself sent, at the 99th percentile. */
  readonly lateMs: number;
  readonly candidateSeconds: number;
  readonly upstreamSeconds: number;
  readonly generatorSeconds: number;
  /** Seconds that either core worked for somebody else: how quiet the machine was. */
  readonly foreignSeconds: number;
  readonly loadForeignSeconds: number;
  /** At the end. */
  readonly residentMb: number;
  /** Answered before the measured time began. */
  readonly warmUpRequests: number;
}

/** What a loop leaves: how long each request took. */
export interface Timings {
  readonly seconds: number;
  readonly tookMs: Float64Array;
  readonly lateMs: Float64Array;
  readonly warmUpRequests: number;
}

export interface Window {
  /** Called when the measured time begins, and when it ends. */
  readonly begin: () => void;
  readonly end: () => void;
}
