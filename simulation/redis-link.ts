// A connection to the simulated Redis: commands arrive in their order, and so do replies. A connection that is lost says so once.
import type { SimulatedProcess } from './simulated-process.ts';

/** As the client library's. */
export class ErrorReply extends Error {}

export interface LinkServer {
  /** Carries out a command. Throws an `ErrorReply`. `undefined`: the server does not answer. */
  execute(link: RedisLink, words: readonly string[]): { readonly reply: unknown } | undefined;
  latency(): number;
}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds: what comes behind on a connection comes later. */
const inOrder = 0.001;

export class RedisLink {
  readonly owner: SimulatedProcess;
  readonly #server: LinkServer;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Set<Waiting>();
  #nextArrival = 0;
  #nextReply = 0;
  /** Which primary it was made to; see `RedisServer`. */
  readonly term: number;
  isOpen = true;

  constructor(owner: SimulatedProcess, server: LinkServer, term: number, onError: (error: unknown) => void) {
    this.owner = owner;
    this.term = term;
    this.#server = server;
    this.#onError = onError;
  }

  send(words: readonly string[]): Promise<unknown> {
    if (!this.isOpen) return Promise.reject(new Error('The client is closed'));
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      const { schedule } = this.owner;
      this.#nextArrival = Math.max(this.#nextArrival + inOrder, schedule.now + this.#server.latency());
      // It is on its way, whatever becomes of its sender.
      schedule.later(
        undefined,
        this.#nextArrival - schedule.now,
        `redis ${this.owner.name} ${brief(words)}`,
        () => this.#arrive(words, waiting),
      );
    });
  }

  /** By the client. */
  destroy(): void {
    this.#end(new Error('Disconnects client'));
  }

  /** By the server or the network. */
  break(): void {
    if (!this.isOpen) return;
    const error = Object.assign(new Error('Socket closed unexpectedly'), { code: 'ECONNRESET' });
    const { schedule } = this.owner;
    schedule.later(this.owner, this.#server.latency(), 'redis connection lost', () => {
      if (!this.isOpen) return;
      this.#end(error);
      this.#onError(error);
    });
  }

  #arrive(words: readonly string[], waiting: Waiting): void {
    if (!this.isOpen) return;
    const { schedule } = this.owner;
    const answer = this.#answerTo(words, waiting);
    if (answer === undefined) return;
    this.#nextReply = Math.max(this.#nextReply + inOrder, schedule.now + this.#server.latency());
    schedule.later(this.owner, this.#nextReply - schedule.now, 'redis reply', () => {
      if (this.#waiting.delete(waiting)) answer();
    });
  }

  #answerTo(words: readonly string[], { resolve, reject }: Waiting): (() => void) | undefined {
    try {
      const answer = this.#server.execute(this, words);
      return answer && (() => resolve(answer.reply));
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      return () => reject(error);
    }
  }

  #end(error: Error): void {
    this.isOpen = false;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

const brief = ([command = '', ...words]: readonly string[]): string =>
  command.startsWith('EVAL') ? `${command} ${words[2]}` : `${command} ${words[0] ?? ''}`;
