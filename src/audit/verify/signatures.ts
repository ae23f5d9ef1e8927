// Compares the checkpoints of each chain with the records before them. A checkpoint that no given key made proves nothing, and
// more records or time than a gateway leaves between two of them is a finding.
import { signsRecordBefore, verifyCheckpoint } from '../log/checkpoint.ts';
import type { CheckpointKey } from '../log/signing-key.ts';
import type { Findings } from './findings.ts';
import type { StoredRecord } from './record-store.ts';
import { Unsigned } from './unsigned.ts';

/** What the checkpoints of a log prove. */
export interface SignedExtent {
  /** Those that are valid. */
  readonly checkpoints: number;
  /** Records that none of them covers. */
  readonly unsigned: number;
  /** When the latest of them was made, by its signature, in milliseconds since the epoch. */
  readonly until: number | undefined;
}

/** To be given the records of one chain after the other. */
export class Signatures {
  readonly #keys: readonly CheckpointKey[];
  readonly #findings: Findings;
  #checkpoints = 0;
  #unsigned = 0;
  #until: number | undefined;
  /** The records of the present chain since its last checkpoint, and the first of them. */
  #tail = new Unsigned();
  #first: StoredRecord | undefined;

  constructor(keys: readonly CheckpointKey[], findings: Findings) {
    this.#keys = keys;
    this.#findings = findings;
  }

  async take(record: StoredRecord): Promise<void> {
    this.#first ??= record;
    if (record.checkpoint === null) return this.#tail.add(record);
    const signed = await verifyCheckpoint(record.checkpoint, this.#keys);
    if (signed !== undefined && signsRecordBefore(signed, record)) {
      if (this.#tail.isTooLong()) this.#report(this.#first, tooLate, record.sequence - 1);
      this.#tail = new Unsigned();
      this.#checkpoints += 1;
      this.#until = Math.max(this.#until ?? 0, signed.time);
    } else {
      this.#tail.add(record);
      this.#report(record, signed === undefined ? 'no given key made the checkpoint' : otherRecord);
    }
    this.#endTail();
  }

  endChain({ chain, sequence }: StoredRecord): void {
    if (this.#first?.sequence === 1)
      this.#report(this.#first, `no checkpoint signs any record of chain ${chain}`, sequence);
    else if (this.#first !== undefined && this.#tail.isTooLong())
      this.#report(this.#first, tooLate, sequence);
    this.#endTail();
  }

  extent(): SignedExtent {
    return { checkpoints: this.#checkpoints, unsigned: this.#unsigned, until: this.#until };
  }

  #report(at: StoredRecord, reason: string, to = at.sequence): void {
    this.#findings.add('unsigned', at, reason, this.#first?.sequence, to);
  }

  #endTail(): void {
    this.#unsigned += this.#tail.count;
    this.#tail = new Unsigned();
    this.#first = undefined;
  }
}

const tooLate = 'more than 1,000 records or 60 s without a checkpoint';
const otherRecord = 'the checkpoint signs another record than the one before it';
