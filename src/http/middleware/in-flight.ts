// Counts the requests in flight. Refuses those over the limit, and all requests after the stop. `stop` resolves when the last
// one is done, even if its caller has hung up.
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { GatewayError } from '../../errors.ts';
import { isFollowed } from '../listener/connection.ts';
import { contextOf } from '../request-context.ts';

export class InFlight {
  readonly max: number;
  /** A sixteenth, at most 32, is reserved for requests that need no upstream: denials are still served while it hangs. */
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

  /** From now on the last answer on a connection closes it. Requests already sent are still served. */
  drain(): void {
    this.#state = 'draining';
  }

  /** From now on every new request is refused. Resolves when all requests are answered, refused ones included. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    return this.#idle() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Requests in flight, without parked ones. */
  get count(): number {
    return this.#counts.inFlight;
  }

  /** Gives the request a slot. Throws `overloaded` or `stopping`. */
  admit(response: Response): void {
    const context = contextOf(response);
    context.isLast = this.#isLast;
    const isStopped = this.#state === 'stopped';
    if (!isStopped && this.#counts.inFlight >= this.max) throw refusal('overloaded', '1');
    const slot = new Slot(this.#counts, this.#maxUpstream, this.#changed);
    // `stop` also waits for the answers to refused requests.
    if (isStopped) slot.park();
    slot.hold();
    response.once('close', () => slot.release());
    context.slot = slot;
    if (isStopped) throw refusal('stopping', '5');
  }

  readonly #isLast = (request: IncomingMessage): boolean => this.stopping() && !isFollowed(request.socket);

  readonly #changed = (): void => {
    if (this.#idle()) for (const resolve of this.#waiting.splice(0)) resolve();
  };

  #idle(): boolean {
    return this.#counts.inFlight === 0 && this.#counts.parked === 0;
  }
}

interface Counts {
  inFlight: number;
  /** Those in flight that may wait for the upstream. */
  upstream: number;
  /** Requests that only wait, or whose answer only has to be read. They are not in flight, but `stop` waits for them. */
  parked: number;
}

/**
 * One request's slot, from its first holder to its last. Does not refer to the request: a slot lives longer, and would keep it
 * from being garbage-collected.
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

  /** Counts the request among those that may wait for the upstream. Needs a holder. Throws `overloaded`. */
  enterUpstream(): void {
    if (this.#counts.upstream >= this.#maxUpstream) throw refusal('overloaded', '1');
    this.#upstream = true;
    this.#counts.upstream += 1;
  }

  /** From now on the request is not in flight: it only waits, or its answer only has to be read. */
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

export type { Slot };

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
