// The furthest stage that a request has reached. The one thing about a request that changes: its log line, its metrics and
// the record of its refusal tell what was known when it ended, wherever that was.
import type { Received, RequestFacts } from './request.ts';

/** The latest value of a request. */
export type Reached = Received & RequestFacts;

export class Progress {
  #request: Reached;
  #recorded = false;

  constructor(received: Received) {
    this.#request = received;
  }

  get request(): Reached {
    return this.#request;
  }

  /** Does the audit log have, or will it have, a record of how the request ended? Then a refusal needs none of its own. */
  get recorded(): boolean {
    return this.#recorded;
  }

  /** Gives `request` back, so that a stage can be written as one expression. */
  advance<Stage extends Received>(request: Stage): Stage {
    this.#request = request;
    return request;
  }

  markRecorded(): void {
    this.#recorded = true;
  }
}
