// Signs the chain: at its beginning, every 500 records, every 10 s in which there were any, and at the end. A signature that
// cannot be written yet does not hold up records.
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { AuditEvent } from '../record/event-form.ts';
import { checkpointEvent } from '../record/gateway-events.ts';
import type { Head } from './chain.ts';
import { signCheckpoint } from './checkpoint.ts';
import type { SigningKey } from './signing-key.ts';
import type { AuditTrail } from './trail.ts';

interface CheckpointOptions {
  readonly key: SigningKey;
  readonly trail: () => AuditTrail;
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The last record of earlier runs, and how many records up to it no checkpoint covers. */
  readonly head: Head | undefined;
  readonly unsigned: number;
}

const everyRecords = 500;
const everyMs = 10_000;

export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #timer: NodeJS.Timeout;
  #head: Head | undefined;
  /** Records that no checkpoint covers; checkpoints themselves do not count. */
  #unsigned: number;
  #due = false;
  /** The time of the first of them. */
  #since: number | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#head = options.head;
    this.#unsigned = options.unsigned;
    this.#timer = setInterval(() => void this.sign(), everyMs).unref();
  }

  /** To be called with every record that is appended to the chain. */
  appended(head: Head, { code, time }: Pick<AuditEvent, 'code' | 'time'>): void {
    this.#head = head;
    if (code === 'audit.checkpoint') return;
    this.#unsigned += 1;
    this.#since ??= time;
    if (this.#unsigned < everyRecords || this.#due) return;
    this.#due = true;
    // The record is in the chain, but is not handed to the sink yet.
    queueMicrotask(() => void this.sign());
  }

  /** To be called before a record is appended: however the clock jumps, no checkpoint covers a long time of records. */
  signIfDue({ time }: Pick<AuditEvent, 'time'>): void {
    if (this.#since !== undefined && Math.abs(time - this.#since) >= everyMs) void this.sign();
  }

  /** Signs what is not signed yet. Resolves when the checkpoint is written, or when it could not be written. */
  async sign(): Promise<void> {
    this.#due = false;
    if (this.#head === undefined || this.#unsigned === 0) return;
    const { key, trail, instance, clock, logger } = this.#options;
    try {
      const { chain, sequence, fingerprint } = this.#head;
      const jws = signCheckpoint({ chain, sequence, fingerprint, time: clock.now() }, key);
      this.#unsigned = 0;
      this.#since = undefined;
      await trail().recordFact(checkpointEvent(jws, instance, clock.now()));
    } catch (error) {
      logger.error({ err: error }, 'a checkpoint of the audit log could not be written yet');
    }
  }

  /** Signs for the last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.sign();
  }
}
