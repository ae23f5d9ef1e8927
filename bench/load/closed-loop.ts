// Keeps a fixed number of requests in flight: each connection sends the next one when the answer is there. Measures
// what a candidate can do at most; says nothing about the time a request takes at a rate that the candidate does not
// choose.
import { Connection } from './connection.ts';
import type { Deck } from './deck.ts';
import type { LoadJob, Timings, Window } from './job.ts';

/** Nothing answers for so long: something is broken. */
const stuckMs = 15_000;

type Job = Pick<LoadJob, 'port' | 'expected' | 'warm' | 'measuredMs'>;

export async function closedLoop(job: Job, inFlight: number, deck: Deck, window: Window): Promise<Timings> {
  const connections = await Connection.openAll(job.port, inFlight);
  try {
    return await new Promise<Timings>((resolve, reject) => {
      run(new ClosedLoop(job, deck, window, resolve), connections, reject);
    });
  } finally {
    for (const connection of connections) connection.close();
  }
}

function run(loop: ClosedLoop, connections: readonly Connection[], fail: (error: Error) => void): void {
  const watchdog = setInterval(() => {
    if (loop.ended) clearInterval(watchdog);
    else if (loop.quietMs() > stuckMs) fail(new Error(`no answer for ${stuckMs} ms`));
  }, 1000);
  watchdog.unref();
  for (const connection of connections) {
    let sentAt = performance.now();
    const send = (): void => {
      const request = loop.ended ? undefined : loop.draw();
      if (request === undefined) return;
      sentAt = performance.now();
      connection.send(request);
    };
    connection.lost = fail;
    connection.answered = (status) => {
      const fault = loop.answered(status, sentAt);
      if (fault === undefined) send();
      else fail(fault);
    };
    send();
  }
}

class ClosedLoop {
  ended = false;
  readonly #job: Job;
  readonly #deck: Deck;
  readonly #window: Window;
  readonly #resolve: (timings: Timings) => void;
  readonly #startedAt = performance.now();
  readonly #tookMs: number[] = [];
  #warmed = 0;
  #beganAt: number | undefined;
  #lastAt = this.#startedAt;

  constructor(job: Job, deck: Deck, window: Window, resolve: (timings: Timings) => void) {
    this.#job = job;
    this.#deck = deck;
    this.#window = window;
    this.#resolve = resolve;
  }

  quietMs(): number {
    return performance.now() - this.#lastAt;
  }

  draw(): Buffer | undefined {
    const request = this.#deck.draw();
    if (request === undefined) this.#end(performance.now());
    return request;
  }

  /** Gives what is wrong with the answer. */
  answered(status: number, sentAt: number): Error | undefined {
    const now = performance.now();
    this.#lastAt = now;
    if (status !== this.#job.expected) return new Error(`answered ${status}, not ${this.#job.expected}`);
    if (this.ended) return undefined;
    if (this.#beganAt === undefined) {
      this.#warmed += 1;
      if (this.#isWarm(now - this.#startedAt)) {
        this.#window.begin();
        this.#beganAt = performance.now();
      }
      return undefined;
    }
    this.#tookMs.push(now - sentAt);
    if (now - this.#beganAt >= this.#job.measuredMs) this.#end(now);
    return undefined;
  }

  #isWarm(elapsedMs: number): boolean {
    const { minMs, requests, maxMs } = this.#job.warm;
    return elapsedMs >= minMs && (this.#warmed >= requests || elapsedMs >= maxMs);
  }

  #end(now: number): void {
    if (this.ended) return;
    this.ended = true;
    this.#window.end();
    const seconds = (now - (this.#beganAt ?? now)) / 1000;
    const [tookMs, lateMs] = [Float64Array.from(this.#tookMs), new Float64Array()];
    this.#resolve({ seconds, tookMs, lateMs, warmUpRequests: this.#warmed });
  }
}
