// The promise of the audit log: nothing is forwarded that is not recorded first. Only this file can make a `Recorded`,
// and forwarding takes nothing else. A record that cannot be written is an error for whoever asked for it, and comes
// before every later one as soon as lines can be written again.
import { rejectAfter } from '../../async/with-timeout.ts';
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { AuthorizedChange, ChangeRequest } from '../../request/authorize.ts';
import type { AuditEvent } from '../record/event-form.ts';
import { failedOutcome, intentEvent, outcomeEvent } from '../record/request-events.ts';
import type { AuditChain } from './chain.ts';

/** Where lines go. */
export interface AuditSink {
  /**
   * Resolves when the line is as durable as this sink makes it; rejects when it is not. A line that was rejected is
   * handed over again before any other.
   */
  write(line: string): Promise<void>;
  /** Milliseconds since the sink last took anything while something waits. For a sink that also writes other lines. */
  blockedMs?(): number;
}

/** Called as records are written. */
export interface TrailWatch {
  /** From the end of the chain to the sink's acknowledgement. */
  written(seconds: number): void;
  /** The sink rejected a line. */
  failed(): void;
  /** The event is about to be appended to the chain. */
  appending?(event: AuditEvent): void;
}

/** Makes a `Recorded`. Known to this file alone. */
let recordedOf: (change: ChangeRequest) => Recorded;

/** A change whose intent is durable. Only `AuditTrail.recordIntent` makes one, and it can be sent once. */
export class Recorded {
  readonly #change: ChangeRequest;
  #sent = false;

  private constructor(change: ChangeRequest) {
    this.#change = change;
  }

  static {
    recordedOf = (change) => new Recorded(change);
  }

  /** What is to be sent. Throws if it has been taken before. */
  take(): ChangeRequest {
    if (this.#sent) throw new Error('a recorded change can be sent only once');
    this.#sent = true;
    return this.#change;
  }
}

type TrailClock = Pick<Clock, 'now' | 'monotonic'>;

/** A sink that takes no line for this long counts as one that cannot be written. */
const writeTimeoutMs = 2000;
/** Pause before a rejected line is tried again. In the background: readiness recovers without traffic. */
const retryMs = 1000;
/** `Retry-After` of the refusal. */
const retryAfterSeconds = '2';

/** A line of the chain that is not written yet. */
interface Unwritten {
  /** Emptied when it is written: V8 keeps what a set's earlier tables held until the next full collection. */
  line: string;
  /** Since when the sink has had it; `undefined` while it has not. */
  since?: number | undefined;
  /** The sink rejected this line or an earlier one. It is written again, in order. */
  rejected: boolean;
  /** To be called when it is written, however late. */
  readonly written?: (() => void) | undefined;
}

export class AuditTrail {
  readonly #chain: AuditChain;
  readonly #sink: AuditSink;
  readonly #clock: TrailClock;
  readonly #watch: TrailWatch | undefined;
  /** In the order of the chain: a later line vouches for an earlier one, so none is ever left out. */
  readonly #unwritten = new Set<Unwritten>();
  /** How many of them are rejected. */
  #rejected = 0;
  #repairing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(chain: AuditChain, sink: AuditSink, clock: TrailClock, watch?: TrailWatch) {
    this.#watch = watch;
    this.#chain = chain;
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Can records be written at the moment, as far as is known? */
  writable(): boolean {
    return !this.#failed() && !this.#stuck();
  }

  /** Lines of the chain that are not written yet. */
  get waiting(): number {
    return this.#unwritten.size;
  }

  /** Writes one record. Rejects with `audit-unavailable`. */
  async record(event: AuditEvent): Promise<void> {
    if (!this.writable()) await this.#beWritable();
    await inTime(this.#append(event));
  }

  /**
   * For what takes effect by its record: resolves when that is written, however late. `late` is called when it is not written
   * yet. Rejects with `audit-unavailable` only if the event was not appended to the chain.
   */
  async recordHoweverLate(event: AuditEvent, late: (error: unknown) => void): Promise<void> {
    if (!this.writable()) await this.#beWritable();
    await new Promise<void>((resolve) => {
      inTime(this.#append(event, resolve)).catch(late);
    });
  }

  /**
   * Writes the record of something that has happened already. It is appended to the chain whatever the state of the sink.
   * Rejects with `audit-unavailable` when it is not written yet.
   */
  recordFact(event: AuditEvent): Promise<void> {
    return inTime(this.#append(event));
  }

  /**
   * Records the intent of a change. If the record is not durable in time, an outcome follows it into the log, so that an
   * intent that gets there after all is closed. Rejects with `audit-unavailable`.
   */
  async recordIntent(change: AuthorizedChange): Promise<Recorded> {
    const { request } = change;
    const upstream = change.take();
    if (!this.writable()) await this.#beWritable();
    try {
      await inTime(this.#append(intentEvent(request, this.#clock.now())));
    } catch (error) {
      const refusal = error as GatewayError;
      this.#append(outcomeEvent(request, failedOutcome(refusal), this.#clock.now())).catch(() => undefined);
      throw refusal;
    }
    return recordedOf(upstream);
  }

  /** A read needs no intent, only a log that will take its outcome. Throws `audit-unavailable`. */
  requireWritable(): void {
    if (!this.writable()) throw unavailable('the sink does not work');
  }

  /** Writes rejected lines again for the last time. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    if (this.#failed()) await inTime(this.#repair()).catch(() => undefined);
  }

  #failed(): boolean {
    return this.#rejected > 0;
  }

  #stuck(): boolean {
    const since = this.#oldestSince();
    if (since !== undefined && since <= this.#clock.monotonic() - writeTimeoutMs) return true;
    return (this.#sink.blockedMs?.() ?? 0) >= writeTimeoutMs;
  }

  /** Since when the sink has had the line that it has had longest: lines are handed over in their order. */
  #oldestSince(): number | undefined {
    for (const { since } of this.#unwritten) if (since !== undefined) return since;
    return undefined;
  }

  /** Nothing is appended to the chain while the sink does not work, so what waits for it is bounded. */
  async #beWritable(): Promise<void> {
    if (this.#stuck()) throw unavailable('the sink takes no lines');
    if (this.#failed()) await inTime(this.#repair());
  }

  /** Appends the event to the chain, and writes its line unless an earlier one was rejected. */
  async #append(event: AuditEvent, written?: () => void): Promise<void> {
    this.#watch?.appending?.(event);
    const unwritten: Unwritten = { line: this.#chain.append(event), rejected: this.#failed(), written };
    this.#unwritten.add(unwritten);
    if (!unwritten.rejected) return await this.#write(unwritten);
    this.#rejected += 1;
    throw unavailable('an earlier line could not be written');
  }

  #write(unwritten: Unwritten): Promise<void> {
    const since = this.#clock.monotonic();
    unwritten.since = since;
    return this.#sink.write(unwritten.line).then(
      () => {
        this.#unwritten.delete(unwritten);
        unwritten.line = '';
        this.#watch?.written((this.#clock.monotonic() - since) / 1000);
        if (unwritten.rejected) this.#rejected -= 1;
        unwritten.written?.();
      },
      (error: unknown) => {
        if (!unwritten.rejected) this.#rejected += 1;
        unwritten.rejected = true;
        unwritten.since = undefined;
        this.#watch?.failed();
        this.#retryLater();
        throw unavailable('the line could not be written', error);
      },
    );
  }

  #retryLater(): void {
    if (this.#stopped) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#repair().catch(() => this.#retryLater());
    }, retryMs).unref();
  }

  /** Writes rejected lines again, in order. Rejects at the first line that the sink does not take. */
  #repair(): Promise<void> {
    this.#repairing ??= this.#rewriteRejected().finally(() => {
      this.#repairing = undefined;
    });
    return this.#repairing;
  }

  async #rewriteRejected(): Promise<void> {
    if (this.#oldestSince() !== undefined) throw unavailable('a later line is still being written');
    for (const unwritten of this.#unwritten) if (unwritten.rejected) await this.#write(unwritten);
  }
}

function unavailable(reason: string, cause?: unknown): GatewayError {
  const headers = { 'Retry-After': retryAfterSeconds };
  return new GatewayError('audit-unavailable', { headers, cause: new Error(reason, { cause }) });
}

/** What comes too late for the caller goes on. */
const inTime = (written: Promise<void>): Promise<void> =>
  rejectAfter(writeTimeoutMs, written, () => unavailable('the line was not taken in time'));
