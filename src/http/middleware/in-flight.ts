// Counts the requests being served. Refuses one too many, and any that comes when the gateway has stopped; tells when the
// last one is done, work for a caller who has hung up included.
import type { RequestHandler, Response } from 'express';
import { GatewayError } from '../../errors.ts';
import { contextOf } from '../request-context.ts';

/**
 * Emptied when it is done with: V8 makes a new table for a set that changes all the time, and what stands in the old ones is
 * kept with all that hangs on it until the next full collection.
 */
interface Unanswered {
  response: Response | undefined;
}

export class InFlight {
  readonly #max: number;
  /** A sixteenth, 32 at most, is kept for requests that need no upstream, so that a hung one does not take denials with it. */
  readonly #maxUpstream: number;
  /** Whose answers are not out yet; in the order in which they came. */
  readonly #unanswered = new Set<Unanswered>();
  readonly #counts: Counts = { inFlight: 0, upstream: 0, parked: 0 };
  #state: 'serving' | 'draining' | 'stopped' = 'serving';
  #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
    this.#maxUpstream = max - Math.min(32, Math.floor(max / 16));
  }

  stopping(): boolean {
    return this.#state !== 'serving';
  }

  /** From now on every answer ends its connection, so that what is already on its way is served and nothing follows it. */
  drain(): void {
    this.#state = 'draining';
    for (const { response } of this.#unanswered) if (response !== undefined) this.#endWith(response);
  }

  /** From now on every new request is refused. Resolves when those in flight are done. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    return this.#idle() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Requests being served, without those that only wait. */
  get count(): number {
    return this.#counts.inFlight;
  }

  readonly middleware: RequestHandler = (_request, response, next) => {
    const slot = new Slot(this.#counts, this.#maxUpstream, this.#changed);
    const unanswered: Unanswered = { response };
    this.#unanswered.add(unanswered);
    response.once('close', () => {
      this.#unanswered.delete(unanswered);
      unanswered.response = undefined;
      slot.release();
    });
    if (this.stopping()) this.#endWith(response);
    if (this.#state === 'stopped') throw refusal('stopping', '5');
    if (this.#counts.inFlight >= this.#max) throw refusal('overloaded', '1');
    slot.hold();
    contextOf(response).slot = slot;
    next();
  };

  /** Of requests behind one another the last answer ends the connection, since no answer can follow the end. */
  #endWith(response: Response): void {
    for (const { response: earlier } of this.#unanswered) {
      if (earlier === undefined || earlier === response || earlier.headersSent) continue;
      if (earlier.req.socket === response.req.socket) earlier.removeHeader('Connection');
    }
    if (!response.headersSent) response.setHeader('Connection', 'close');
  }

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
  /** Those that only wait: not counted as in flight, but waited for at the stop. */
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

  /** Another holder: work that goes on though the caller may have hung up, and counts once all the same. */
  hold(): void {
    if (this.#holders === 0) this.#counts.inFlight += 1;
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) return;
    this.#holders -= 1;
    if (this.#holders > 0) return;
    if (this.#parked) this.#counts.parked -= 1;
    else this.#leave();
    this.#changed();
  }

  /** Takes a part of the share that may wait for the upstream. Throws `overloaded`. Needs a holder. */
  enterUpstream(): void {
    if (this.#counts.upstream >= this.#maxUpstream) throw refusal('overloaded', '1');
    this.#upstream = true;
    this.#counts.upstream += 1;
  }

  /** The request only waits from now on, and does not count as in flight. Needs a holder. */
  park(): void {
    if (this.#parked) return;
    this.#parked = true;
    this.#counts.parked += 1;
    this.#leave();
    this.#changed();
  }

  #leave(): void {
    this.#counts.inFlight -= 1;
    if (this.#upstream) this.#counts.upstream -= 1;
  }
}

/** A slot as whoever serves the request sees it. */
export type HeldSlot = Pick<Slot, 'hold' | 'release' | 'enterUpstream' | 'park'>;

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
