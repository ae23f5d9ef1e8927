// The furthest stage that a request has reached, which is its only mutable state. Log line, metrics and the record of a refusal
// contain what was known when the request ended.
import type { Received, RequestFacts } from './request.ts';

/** The request at its latest stage. */
type Reached = Received & RequestFacts;

export class Progress {
  #request: Reached;
  #recorded = false;

  constructor(received: Received) {
    this.#request = received;
  }

  get request(): Reached {
    return this.#request;
  }

  /** Does or will another audit record say how the request ended? Then its refusal is not recorded. */
  get recorded(): boolean {
    return this.#recorded;
  }

  /** Returns `request`, so that a stage can be written as one expression. */
  advance<Stage extends Received>(request: Stage): Stage {
    this.#request = request;
    return request;
  }

  markRecorded(): void {
    this.#recorded = true;
  }
}
