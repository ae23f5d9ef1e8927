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
  readonly #most: number;
  /** Whose answers are not out yet; in the order in which they came. */
  readonly #unanswered = new Set<Unanswered>();
  #count = 0;
  /** Those that only wait: not counted against `most`, and waited for at the stop. */
  #aside = 0;
  #state: 'serving' | 'draining' | 'stopped' = 'serving';
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
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
    return this.#count;
  }

  readonly middleware: RequestHandler = (_request, response, next) => {
    const place = new Place(this.#move);
    const unanswered: Unanswered = { response };
    this.#unanswered.add(unanswered);
    response.once('close', () => {
      this.#unanswered.delete(unanswered);
      unanswered.response = undefined;
      place.release();
    });
    if (this.stopping()) this.#endWith(response);
    if (this.#state === 'stopped') throw refusal('stopping', '5');
    if (this.#count >= this.#most) throw refusal('overloaded', '1');
    place.hold();
    contextOf(response).place = place;
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

  readonly #move: Move = (aside, step) => {
    if (aside) this.#aside += step;
    else this.#count += step;
    if (this.#idle()) for (const resolve of this.#waiting.splice(0)) resolve();
  };

  #idle(): boolean {
    return this.#count === 0 && this.#aside === 0;
  }
}

type Move = (aside: boolean, step: 1 | -1) => void;

/**
 * One request's place among those in flight, from its first holder to its last. Knows nothing of the request: what lives as
 * long as this must not keep a whole request from being collected early.
 */
class Place {
  readonly #move: Move;
  #holders = 0;
  #aside = false;

  constructor(move: Move) {
    this.#move = move;
  }

  /** Another holder: work that goes on though the caller may have hung up, and counts once all the same. */
  hold(): void {
    if (this.#holders === 0) this.#move(this.#aside, 1);
    this.#holders += 1;
  }

  release(): void {
    if (this.#holders === 0) return;
    this.#holders -= 1;
    if (this.#holders === 0) this.#move(this.#aside, -1);
  }

  /** From now on the request is not counted as in flight: it only waits. */
  stepAside(): void {
    if (this.#aside) return;
    this.#aside = true;
    if (this.#holders === 0) return;
    this.#move(true, 1);
    this.#move(false, -1);
  }
}

/** A place as whoever serves the request sees it. */
export type HeldPlace = Pick<Place, 'hold' | 'release' | 'stepAside'>;

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
