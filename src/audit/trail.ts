// The promise of the audit log: nothing is forwarded that is not recorded first. Only this file can make a `Recorded`,
// and forwarding takes nothing else. A record that cannot be written is an error for whoever asked for it.
import { GatewayError } from '../errors.ts';
import type { AuditChain } from './chain.ts';
import type { AuditEvent } from './event.ts';

/** Where lines go. */
export interface AuditSink {
  /** Resolves when the line is as durable as this sink makes it; rejects when it is not. */
  write(line: string): Promise<void>;
}

declare const recorded: unique symbol;

/** A request whose record is safe, or that changes nothing and whose log is known to be writable. */
export type Recorded<Request> = Request & { readonly [recorded]: true };

/** A sink that has not taken a line for so long counts as one that cannot be written. */
const patienceMs = 2000;
/** How soon an unwritable sink is tried again by a request that needs it. */
const retryAfterSeconds = '2';

export class AuditTrail {
  readonly #chain: AuditChain;
  readonly #sink: AuditSink;
  #failed = false;
  /** When each line was handed to the sink that it has not taken yet; the oldest first. */
  readonly #unwritten = new Set<{ readonly since: number }>();
  readonly #now: () => number;

  /** `now` need only be monotonic; it measures how long the sink has been stuck. */
  constructor(chain: AuditChain, sink: AuditSink, now: () => number) {
    this.#chain = chain;
    this.#sink = sink;
    this.#now = now;
  }

  /** Can records be written at the moment, as far as is known? */
  writable(): boolean {
    return !this.#failed && !this.#stuck();
  }

  /** Writes one record. Rejects with `audit-unavailable`. */
  async record(event: AuditEvent): Promise<void> {
    if (this.#stuck()) throw unavailable('the sink takes no lines');
    await this.#write(event);
  }

  /**
   * Records the intent of a change, and only then lets it pass. When the record is late, `closing` follows it into the
   * log, so that an intent which got there after all does not stand without its end.
   */
  async recordIntent<Request extends object>(
    request: Request,
    intent: AuditEvent,
    closing: (error: GatewayError) => AuditEvent,
  ): Promise<Recorded<Request>> {
    if (this.#stuck()) throw unavailable('the sink takes no lines');
    try {
      await this.#write(intent);
    } catch (error) {
      const refusal = error as GatewayError;
      this.#write(closing(refusal)).catch(() => undefined);
      throw refusal;
    }
    return request as Recorded<Request>;
  }

  /** Lets a request pass that changes nothing: it needs no intent, only a log that will take its outcome. */
  requireWritable<Request extends object>(request: Request): Recorded<Request> {
    if (!this.writable()) throw unavailable('the sink does not work');
    return request as Recorded<Request>;
  }

  #stuck(): boolean {
    const [oldest] = this.#unwritten;
    return oldest !== undefined && this.#now() - oldest.since >= patienceMs;
  }

  async #write(event: AuditEvent): Promise<void> {
    const mark = { since: this.#now() };
    this.#unwritten.add(mark);
    const written = this.#sink.write(this.#chain.seal(event)).then(
      () => this.#settle(mark, false),
      (error: unknown) => {
        this.#settle(mark, true);
        throw unavailable('the line could not be written', error);
      },
    );
    await within(patienceMs, written);
  }

  #settle(mark: { readonly since: number }, failed: boolean): void {
    this.#failed = failed;
    this.#unwritten.delete(mark);
  }
}

function unavailable(reason: string, cause?: unknown): GatewayError {
  const headers = { 'Retry-After': retryAfterSeconds };
  return new GatewayError('audit-unavailable', { headers, cause: new Error(reason, { cause }) });
}

async function within(milliseconds: number, written: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable('the line was not taken in time')), milliseconds);
  });
  try {
    await Promise.race([written, late]);
  } finally {
    clearTimeout(timer);
    written.catch(() => undefined);
  }
}
