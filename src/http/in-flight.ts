// Counts the requests being served. Refuses one too many, and any that comes while the gateway stops; tells when the last
// one is done, work for a caller who has hung up included.
import type { RequestHandler } from 'express';
import { GatewayError } from '../errors.ts';
import { contextOf } from './request-context.ts';

export class InFlight {
  readonly #most: number;
  #count = 0;
  #stopping = false;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  stopping(): boolean {
    return this.#stopping;
  }

  /** From now on every new request is refused. Resolves when those in flight are done. */
  stop(): Promise<void> {
    this.#stopping = true;
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly middleware: RequestHandler = (_request, response, next) => {
    if (this.#stopping) throw refusal('stopping', '5');
    if (this.#count >= this.#most) throw refusal('overloaded', '1');
    this.#count += 1;
    let holders = 1;
    const release = () => {
      holders -= 1;
      if (holders === 0) this.#leave();
    };
    contextOf(response).hold = () => {
      // The caller may have hung up before this step: the work for it counts all the same, and once.
      if (holders === 0) this.#count += 1;
      holders += 1;
      return release;
    };
    response.once('close', release);
    next();
  };

  #leave(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function refusal(code: 'stopping' | 'overloaded', retryAfterSeconds: string): GatewayError {
  const close: Record<string, string> = code === 'stopping' ? { Connection: 'close' } : {};
  return new GatewayError(code, { headers: { 'Retry-After': retryAfterSeconds, ...close } });
}
