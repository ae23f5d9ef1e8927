// Compares the checkpoints of each chain with the records that they sign. A checkpoint that no given key made proves nothing,
// and more records or time than a gateway leaves between two of them is a finding.
import { verifyCheckpoint } from '../log/checkpoint.ts';
import type { CheckpointKey } from '../log/signing-key.ts';
import type { Findings } from './findings.ts';
import type { After } from './judge-chains.ts';
import type { StoredRecord } from './record-store.ts';
import { Unsigned } from './unsigned.ts';

/** What the checkpoints of a log prove. */
export interface SignedExtent {
  /** Those that are valid. */
  readonly checkpoints: number;
  /** Records that none of them covers yet. */
  readonly unsigned: number;
  /** When the latest of them was made, by its signature, in milliseconds since the epoch. */
  readonly until: number | undefined;
}

/** More than a gateway leaves uncovered: beyond that a stretch is a finding, whatever follows it. */
const maxPending = 2500;

/** To be given the records of one chain after the other. */
export class Signatures {
  readonly #keys: readonly CheckpointKey[];
  readonly #after: After | undefined;
  readonly #findings: Findings;
  #checkpoints = 0;
  #unsigned = 0;
  #until: number | undefined;
  /** Of the present chain: the records that no checkpoint covers, and the last one that is covered. */
  #pending: StoredRecord[] = [];
  #tooLong: StoredRecord | undefined;
  #signed = 0;
  #invalid: { from: number; at: StoredRecord; reason: string; count: number } | undefined;

  constructor(keys: readonly CheckpointKey[], after: After | undefined, findings: Findings) {
    this.#keys = keys;
    this.#after = after;
    this.#findings = findings;
  }

  async take(record: StoredRecord): Promise<void> {
    if (record.checkpoint === null || !(await this.#covers(record, record.checkpoint))) {
      this.#pending.push(record);
      if (this.#pending.length > maxPending) this.#tooLong ??= this.#pending.shift();
    }
  }

  endChain({ chain, sequence: to }: StoredRecord): void {
    const [first] = this.#pending;
    if (this.#invalid !== undefined) {
      const { from, at, reason, count } = this.#invalid;
      const rest = count > 1 ? ` Of the later ones, ${count - 1} are not valid either.` : '';
      const describe = (records: string) => `${records}: the checkpoint ${reason}.${rest}`;
      this.#report({ ...at, sequence: from }, at.sequence, describe);
    } else if (this.#signed === 0 && first?.sequence === 1)
      this.#report(first, to, (records) => `${records} of chain ${chain}: no checkpoint signs any of them.`);
    else this.#measure(this.#pending);
    this.#unsigned += this.#pending.length;
    this.#pending = [];
    this.#tooLong = undefined;
    this.#signed = 0;
    this.#invalid = undefined;
  }

  extent(): SignedExtent {
    return { checkpoints: this.#checkpoints, unsigned: this.#unsigned, until: this.#until };
  }

  /** Is the checkpoint valid? Then the records up to the one that it signs are covered. */
  async #covers(record: StoredRecord, jws: string): Promise<boolean> {
    const signed = await verifyCheckpoint(jws, this.#keys);
    if (signed === undefined) return this.#refuse(record, 'is not signed by a given key');
    const { chain, sequence, fingerprint, time } = signed;
    if (chain !== record.chain || sequence >= record.sequence)
      return this.#refuse(record, 'signs a record of another place');
    if (sequence <= this.#signed) return this.#refuse(record, `repeats the signature of record ${sequence}`);
    const target = this.#pending.find((pending) => pending.sequence === sequence);
    const known = target ?? (this.#after?.sequence === sequence ? this.#after : undefined);
    // A record that is missing has been reported.
    if (known !== undefined && known.fingerprint !== fingerprint)
      return this.#refuse(record, `signs another record ${sequence}: the log was rewritten`);
    this.#measure(this.#pending.filter((pending) => pending.sequence <= sequence));
    this.#pending = this.#pending.filter((pending) => pending.sequence > sequence);
    this.#tooLong = undefined;
    this.#signed = sequence;
    this.#checkpoints += 1;
    this.#until = Math.max(this.#until ?? 0, time);
    return true;
  }

  #refuse(at: StoredRecord, reason: string): false {
    this.#invalid ??= { from: (this.#pending[0] ?? at).sequence, at, reason, count: 0 };
    this.#invalid.count += 1;
    return false;
  }

  #measure(records: readonly StoredRecord[]): void {
    const unsigned = new Unsigned();
    for (const record of records) unsigned.add(record);
    const first = this.#tooLong ?? records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#tooLong !== undefined || unsigned.isTooLong())
      this.#report(first, last.sequence, (found) => `${found}: a gateway with a key signs sooner.`);
  }

  #report({ file, line, chain, sequence }: StoredRecord, to: number, describe: (records: string) => string) {
    this.#findings.add({ kind: 'unsigned', file, line, chain, from: sequence, to, describe });
  }
}
