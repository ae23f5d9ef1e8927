// Counts the requests being served. Refuses one too many, and any that comes when the gateway has stopped; tells when the
// last one is done, work for a caller who has hung up included.
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { GatewayError } from '../errors.ts';
import { isFollowed } from './connection.ts';
import { contextOf } from './request-context.ts';

export class InFlight {
  readonly max: number;
  #count = 0;
  /** Those that only wait, or whose answer only has to be read: not counted against `max`, and waited for at the stop. */
  #parked = 0;
  #state: 'serving' | 'draining' | 'stopped' = 'serving';
  #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.max = max;
  }

  stopping(): boolean {
    return this.#state !== 'serving';
  }

  /** From now on the last answer on a connection ends it: what is already on its way is served and nothing follows it. */
  drain(): void {
    this.#state = 'draining';
  }

  /** From now on every new request is refused. Resolves when those in flight are done and answered. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    return this.#idle() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Requests being served, without parked ones. */
  get count(): number {
    return this.#count;
  }

  readonly middleware: RequestHandler = (_request, response, next) => {
    const context = contextOf(response);
    context.isLast = this.#isLast;
    if (this.#state === 'stopped') throw refusal('stopping', '5');
    if (this.#count >= this.max) throw refusal('overloaded', '1');
    const slot = new Slot(this.#move);
    slot.hold();
    response.once('close', () => slot.release());
    context.slot = slot;
    next();
  };

  readonly #isLast = (request: IncomingMessage): boolean => this.stopping() && !isFollowed(request.socket);

  readonly #move: Move = (parked, step) => {
    if (parked) this.#parked += step;
    else this.#count += step;
    if (this.#idle()) for (const resolve of this.#waiting.splice(0)) resolve();
  };

  #idle(): boolean {
    return this.#count === 0 && this.#parked === 0;
  }
}

type Move = (parked: boolean, step: 1 | -1) => void;

/**
 * One request's slot among those in flight, from its first holder to its last. Knows nothing of the request: what lives as
 * long as this must not keep a whole request from being collected early.
 */
class Slot {
  readonly #move: Move;
  #holders = 0;
  #parked = false;

  constructor(move: Move) {
    this.#move = move;
  }

  /** Another holder: work that goes on though the caller may have hung up, and counts once all the same. */
  hold(): void {
    if (this.#holders === 0) this.#move(this.#parked, 1);
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) return;
    this.#holders -= 1;
    if (this.#holders === 0) this.#move(this.#parked, -1);
  }

  /** From now on the request is not counted as in flight: it only waits, or its answer has to be read. */
  park(): void {
    if (this.#parked) return;
    this.#parked = true;
    if (this.#holders === 0) return;
    this.#move(true, 1);
    this.#move(false, -1);
  }
}

/** A slot as whoever serves the request sees it. */
export type HeldSlot = Pick<Slot, 'hold' | 'release' | 'park'>;

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
