// Signs the chain from time to time: every 1,000 records, every 60 s in which there were any, and at the end. A signature
// that cannot be made is reported and tried again; records do not wait for it.
import type { JWK } from 'jose';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { AuditEvent } from '../record/event-form.ts';
import { checkpointEvent } from '../record/gateway-events.ts';
import type { Head } from './chain.ts';
import { signCheckpoint } from './checkpoint.ts';
import { toSigningKey } from './signing-key.ts';
import type { AuditTrail } from './trail.ts';

export interface CheckpointOptions {
  /** The private key, read when it is used, so that a new one needs no restart. */
  readonly readKey: () => JWK;
  readonly trail: () => AuditTrail;
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const everyRecords = 1000;
const everyMs = 60_000;

export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #timer: NodeJS.Timeout;
  #head: Head | undefined;
  /** Records that no checkpoint covers; checkpoints themselves do not count. */
  #unsigned = 0;
  /** So many have to be unsigned for the next try; more after one that failed, which would fail at each record otherwise. */
  #dueAt = everyRecords;
  #signing: Promise<void> | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#signSoon(), everyMs).unref();
  }

  /** To be told of every record that gets its place in the chain. */
  sealed(head: Head, event: AuditEvent): void {
    this.#head = head;
    if ((event['metadata'] as { event_code?: string }).event_code === 'audit.checkpoint') return;
    this.#unsigned += 1;
    if (this.#unsigned >= this.#dueAt) this.#signSoon();
  }

  /** Signs what is not signed yet, for the last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#signing;
    this.#signSoon();
    await this.#signing;
  }

  #signSoon(): void {
    if (this.#unsigned === 0) return;
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = undefined;
    });
  }

  async #sign(): Promise<void> {
    const { readKey, trail, instance, clock, logger } = this.#options;
    try {
      const key = await toSigningKey(readKey());
      const head = this.#head;
      if (head === undefined) return;
      const unsigned = this.#unsigned;
      const jws = await signCheckpoint({ ...head, time: clock.now() }, key);
      await trail().record(checkpointEvent(jws, instance, clock.now()));
      this.#unsigned -= unsigned;
      this.#dueAt = everyRecords;
    } catch (error) {
      this.#dueAt = this.#unsigned + everyRecords;
      logger.error({ err: error }, 'the audit log could not be signed');
    }
  }
}
