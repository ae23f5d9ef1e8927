// Counts the requests being served. Refuses one too many, and any that comes when the gateway has stopped; tells when the
// last one is done, work for a caller who has hung up included.
import type { RequestHandler, Response } from 'express';
import { GatewayError } from '../errors.ts';
import { contextOf } from './request-context.ts';

export class InFlight {
  readonly #most: number;
  /** Whose answers are not out yet; in the order in which they came. */
  readonly #unanswered = new Set<Response>();
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
    for (const response of this.#unanswered) this.#endWith(response);
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
    this.#unanswered.add(response);
    response.once('close', () => this.#unanswered.delete(response));
    if (this.stopping()) this.#endWith(response);
    if (this.#state === 'stopped') throw refusal('stopping', '5');
    if (this.#count >= this.#most) throw refusal('overloaded', '1');
    this.#count += 1;
    let holders = 1;
    let aside = false;
    const release = () => {
      holders -= 1;
      if (holders === 0) this.#move(aside, -1);
    };
    contextOf(response).stepAside = () => {
      if (aside) return;
      aside = true;
      if (holders === 0) return;
      this.#aside += 1;
      this.#move(false, -1);
    };
    contextOf(response).hold = () => {
      // The caller may have hung up before this step: the work for it counts all the same, and once.
      if (holders === 0) this.#move(aside, 1);
      holders += 1;
      return release;
    };
    response.once('close', release);
    next();
  };

  /** Of requests behind one another the last answer ends the connection, since no answer can follow the end. */
  #endWith(response: Response): void {
    for (const earlier of this.#unanswered) {
      if (earlier !== response && earlier.req.socket === response.req.socket && !earlier.headersSent)
        earlier.removeHeader('Connection');
    }
    if (!response.headersSent) response.setHeader('Connection', 'close');
  }

  #move(aside: boolean, step: 1 | -1): void {
    if (aside) this.#aside += step;
    else this.#count += step;
    if (this.#idle()) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #idle(): boolean {
    return this.#count === 0 && this.#aside === 0;
  }
}

const refusal = (code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError =>
  new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds } });
