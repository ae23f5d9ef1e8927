// Decides whether the chain of an existing log may be continued. A gateway with a signing key signs nothing but what it
// wrote or has verified: the last checkpoint must be of its key, and what follows it whole and short.
import { type Link, memberOf } from '../record/found-record.ts';
import type { ChainEnd } from '../record/gateway-events.ts';
import { Unsigned } from '../verify/unsigned.ts';
import type { Head } from './chain.ts';
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts';
import type { CheckpointKey } from './signing-key.ts';
import type { TailRecord } from './tail.ts';

export interface JudgedTail {
  /** The last record of the log; `undefined` when there is none, or it has no place in a chain. */
  readonly head: Head | undefined;
  /** Why the chain ends here; `undefined` when it may be continued, or there is none. */
  readonly ends: ChainEnd | undefined;
  /** How many records no checkpoint covers. Counted only with a key. */
  readonly unsigned: number;
}

/** `records`: newest first. `key` is `undefined` for a gateway that does not sign. */
export async function judgeTail(
  records: AsyncIterable<TailRecord>,
  key: CheckpointKey | undefined,
): Promise<JudgedTail> {
  let head: Link | undefined;
  const unsigned = new Unsigned();
  const search = key && new CheckpointSearch(key, unsigned);
  const end = (ends: ChainEnd): JudgedTail => ({ head, ends, unsigned: 0 });
  let later: Link | undefined;
  for await (const { record, link } of records) {
    head ??= link;
    if (!leadsTo(later, link)) return end(later ? 'unsigned-tail' : 'last-record-invalid');
    const found = search ? await search.take(record, link) : 'covered';
    if (found === 'covered') return { head, ends: undefined, unsigned: unsigned.count };
    if (found !== undefined) return end(found);
    later = link;
  }
  return head === undefined ? { head, ends: undefined, unsigned: 0 } : end('not-signed');
}

/** Looks for the last checkpoint and the record that it signs. */
class CheckpointSearch {
  readonly #key: CheckpointKey;
  readonly #unsigned: Unsigned;
  #signed: Checkpoint | undefined;

  constructor(key: CheckpointKey, unsigned: Unsigned) {
    this.#key = key;
    this.#unsigned = unsigned;
  }

  /** `undefined`: the search goes on. */
  async take(record: TailRecord['record'], link: Link): Promise<ChainEnd | 'covered' | undefined> {
    if (this.#signed === undefined && isCheckpoint(record)) {
      this.#signed = await verifyCheckpoint(memberOf(record['unmapped'], 'checkpoint'), [this.#key]);
      if (this.#signed?.chain !== link.chain) return 'not-signed';
      const { sequence, fingerprint } = this.#signed;
      // The record that it signs may be in a file that is gone, but its fingerprint is here as well.
      return sequence === link.sequence - 1 && fingerprint === link.previous ? 'covered' : undefined;
    }
    if (this.#signed?.sequence === link.sequence)
      return this.#signed.fingerprint === link.fingerprint ? 'covered' : 'not-signed';
    this.#unsigned.add({ time: record['time'] });
    return this.#unsigned.isTooLong() ? 'unsigned-tail' : undefined;
  }
}

const isCheckpoint = ({ metadata }: TailRecord['record']): boolean =>
  memberOf(metadata, 'event_code') === 'audit.checkpoint';

/** `later` is `undefined` for the last record of the log. */
function leadsTo(later: Link | undefined, earlier: Link | undefined): earlier is Link {
  if (!earlier?.intact) return false;
  const { chain, sequence, fingerprint } = earlier;
  return (
    later === undefined ||
    (later.chain === chain && later.sequence === sequence + 1 && later.previous === fingerprint)
  );
}
