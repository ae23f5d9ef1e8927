// Counts the requests being served. Refuses one too many, and any that comes when the gateway has stopped; tells when the
// last one is done, work for a caller who has hung up included.
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../errors.ts';
import { isFollowed } from '../listener/connection.ts';
import { contextOf } from '../request-context.ts';

export class InFlight {
  readonly max: number;
  /** A sixteenth, at most 32, is kept for requests that need no upstream, so that denials get through while it hangs. */
  readonly #maxUpstream: number;
  readonly #counts: Counts = { inFlight: 0, upstream: 0, parked: 0 };
  #state: 'serving' | 'draining' | 'stopped' = 'serving';
  #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.max = max;
    this.#maxUpstream = max - Math.min(32, Math.floor(max / 16));
  }

  stopping(): boolean {
    return this.#state !== 'serving';
  }

  /** From now on the last answer on a connection ends it. Requests that have been sent are still served. */
  drain(): void {
    this.#state = 'draining';
  }

  /** From now on every new request is refused. Resolves when all are answered, those in flight and those refused. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    return this.#idle() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Requests being served, without parked ones. */
  get count(): number {
    return this.#counts.inFlight;
  }

  readonly middleware: RequestHandler = (_request, response, next) => {
    const context = contextOf(response);
    context.isLast = this.#isLast;
    const isStopped = this.#state === 'stopped';
    if (!isStopped && this.#counts.inFlight >= this.max) throw refusal('overloaded', '1');
    const slot = new Slot(this.#counts, this.#maxUpstream, this.#changed);
    // The stop waits for the answer to a request that it refuses, too.
    if (isStopped) slot.park();
    slot.hold();
    response.once('close', () => slot.release());
    context.slot = slot;
    if (isStopped) throw refusal('stopping', '5');
    next();
  };

  readonly #isLast = (request: IncomingMessage): boolean => this.stopping() && !isFollowed(request.socket);

  readonly #changed = (): void => {
    if (this.#idle()) for (const resolve of this.#waiting.splice(0)) resolve();
  };

  #idle(): boolean {
    return this.#counts.inFlight === 0 && this.#counts.parked === 0;
  }
}

interface Counts {
  /** Requests being served. */
  inFlight: number;
  /** Those among them that may wait for the upstream. */
  upstream: number;
  /** Requests that only wait, or whose answer is only to be read. Not counted as in flight; the stop waits for them. */
  parked: number;
}

/**
 * One request's slot among those in flight, from its first holder to its last. Knows nothing of the request: what lives as
 * long as this must not keep a whole request from being collected early.
 */
class Slot {
  readonly #counts: Counts;
  readonly #maxUpstream: number;
  readonly #changed: () => void;
  #holders = 0;
  #upstream = false;
  #parked = false;

  constructor(counts: Counts, maxUpstream: number, changed: () => void) {
    this.#counts = counts;
    this.#maxUpstream = maxUpstream;
    this.#changed = changed;
  }

  /** Adds a holder, such as work that goes on after the caller has hung up. */
  hold(): void {
    if (this.#holders === 0) this.#count(1);
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) return;
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#count(-1);
    this.#changed();
  }

  /** Takes a part of the share that may wait for the upstream. Needs a holder. Throws `overloaded`. */
  enterUpstream(): void {
    if (this.#counts.upstream >= this.#maxUpstream) throw refusal('overloaded', '1');
    this.#upstream = true;
    this.#counts.upstream += 1;
  }

  /** From now on the request does not count as in flight: it only waits, or its answer is only to be read. */
  park(): void {
    if (this.#parked) return;
    const isHeld = this.#holders > 0;
    if (isHeld) this.#count(-1);
    this.#parked = true;
    if (isHeld) this.#count(1);
    this.#changed();
  }

  #count(step: 1 | -1): void {
    if (this.#parked) {
      this.#counts.parked += step;
      return;
    }
    this.#counts.inFlight += step;
    if (this.#upstream) this.#counts.upstream += step;
  }
}

/** A slot as whoever serves the request sees it. */
export type HeldSlot = Pick<Slot, 'hold' | 'release' | 'enterUpstream' | 'park'>;

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
