// Sends at a fixed rate, whatever becomes of earlier requests, and measures each from the time at which it was due: a
// candidate that stalls makes all that were due meanwhile slow, and none of them is left out (coordinated omission).
import { Connection } from './connection.ts';
import type { Deck } from './deck.ts';
import type { LoadJob, Timings, Window } from './job.ts';

/** Requests that are due when so many are unanswered wait, and their time runs. */
const maxConnections = 128;
const stuckMs = 15_000;
/** A timer is no more exact than this; what is due sooner is waited for by looking at the clock. */
const timerMs = 1.2;

type Job = Pick<LoadJob, 'port' | 'expected' | 'warm' | 'measuredMs'>;

export async function openLoop(job: Job, perSecond: number, deck: Deck, window: Window): Promise<Timings> {
  const connections = await Connection.openAll(job.port, maxConnections);
  try {
    return await new Promise<Timings>((resolve, reject) => {
      new OpenLoop(job, perSecond, deck, { connections, window, resolve, reject }).start();
    });
  } finally {
    for (const connection of connections) connection.close();
  }
}

interface Parts {
  readonly connections: readonly Connection[];
  readonly window: Window;
  readonly resolve: (timings: Timings) => void;
  readonly reject: (error: Error) => void;
}

class OpenLoop {
  readonly #job: Job;
  readonly #deck: Deck;
  readonly #parts: Parts;
  readonly #intervalMs: number;
  /** How many are not measured, and how many there are in all. */
  readonly #warm: number;
  readonly #count: number;
  readonly #idle: Connection[];
  readonly #tookMs: Float64Array;
  readonly #lateMs: Float64Array;
  #startedAt = 0;
  /** When something was due and every connection waited for the candidate: that is not the generator's lateness. */
  #heldUpAt = 0;
  #beganAt = 0;
  #sent = 0;
  #answered = 0;

  constructor(job: Job, perSecond: number, deck: Deck, parts: Parts) {
    this.#job = job;
    this.#deck = deck;
    this.#parts = parts;
    this.#intervalMs = 1000 / perSecond;
    this.#warm = Math.round((job.warm.minMs * perSecond) / 1000);
    this.#count = this.#warm + Math.round((job.measuredMs * perSecond) / 1000);
    this.#idle = [...parts.connections];
    this.#tookMs = new Float64Array(this.#count - this.#warm);
    this.#lateMs = new Float64Array(this.#count - this.#warm);
  }

  start(): void {
    for (const connection of this.#parts.connections) connection.lost = this.#parts.reject;
    this.#startedAt = performance.now();
    this.#turn();
  }

  #dueAt(index: number): number {
    return this.#startedAt + index * this.#intervalMs;
  }

  readonly #turn = (): void => {
    const now = performance.now();
    while (this.#sent < this.#count && this.#dueAt(this.#sent) <= now && this.#idle.length > 0) this.#send();
    if (this.#idle.length === 0) this.#heldUpAt = now;
    if (this.#sent < this.#count) this.#wait();
  };

  #wait(): void {
    const waitMs = this.#dueAt(this.#sent) - performance.now();
    if (waitMs < -stuckMs) this.#parts.reject(new Error(`no answer for ${stuckMs} ms`));
    // The upstream shares this core: as long as anything is unanswered it must not be kept from it.
    else if (this.#answered < this.#sent || waitMs > timerMs) setTimeout(this.#turn, 1);
    else setImmediate(this.#turn);
  }

  #send(): void {
    const connection = this.#idle.pop();
    const request = this.#deck.draw();
    if (connection === undefined || request === undefined) throw new Error('nothing to send');
    const index = this.#sent;
    if (index === this.#warm) {
      this.#parts.window.begin();
      this.#beganAt = performance.now();
    }
    this.#sent += 1;
    const dueAt = this.#dueAt(index);
    if (index >= this.#warm && dueAt > this.#heldUpAt)
      this.#lateMs[index - this.#warm] = performance.now() - dueAt;
    connection.answered = (status) => {
      if (status !== this.#job.expected)
        this.#parts.reject(new Error(`answered ${status}, not ${this.#job.expected}`));
      if (index >= this.#warm) this.#tookMs[index - this.#warm] = performance.now() - dueAt;
      this.#answered += 1;
      this.#idle.push(connection);
      if (this.#answered === this.#count) this.#end();
    };
    connection.send(request);
  }

  #end(): void {
    const seconds = (performance.now() - this.#beganAt) / 1000;
    this.#parts.window.end();
    const [tookMs, lateMs, warmUpRequests] = [this.#tookMs, this.#lateMs, this.#warm];
    this.#parts.resolve({ seconds, tookMs, lateMs, warmUpRequests });
  }
}
