// Decides whether the chain of an existing log may be continued. A gateway with a signing key signs nothing but what it
// wrote or has verified: the last checkpoint must be of its key, and what follows it whole and short.
import { memberOf } from '../../net/json.ts';
import type { FoundRecord, Link, LinkedRecord } from '../record/found-record.ts';
import type { ChainEnd } from '../record/gateway-events.ts';
import { Unsigned } from '../verify/unsigned.ts';
import type { Head } from './chain.ts';
import { signsRecordBefore, verifyCheckpoint } from './checkpoint.ts';
import type { CheckpointKey } from './signing-key.ts';

export interface JudgedTail {
  /** The last record of the log; `undefined` when there is none, or it has no place in a chain. */
  readonly head: Head | undefined;
  /** Why the chain ends here; `undefined` when it may be continued, or there is none. */
  readonly ends: ChainEnd | undefined;
  /** How many of its last records no checkpoint covers, as far as they were looked at. Counted only with a key. */
  readonly unsigned: number;
}

/** `records`: newest first. `key` is `undefined` for a gateway that does not sign. */
export async function judgeTail(
  records: AsyncIterable<LinkedRecord>,
  key: CheckpointKey | undefined,
): Promise<JudgedTail> {
  let head: Link | undefined;
  let later: Link | undefined;
  const unsigned = new Unsigned();
  const end = (ends: ChainEnd | undefined): JudgedTail => ({ head, ends, unsigned: unsigned.count });
  for await (const { record, link } of records) {
    head ??= link;
    if (!leadsTo(later, link)) return end(later ? 'unsigned-tail' : 'last-record-invalid');
    if (key === undefined) return end(undefined);
    if (isCheckpoint(record)) return end(await faultOf(record, link, key));
    unsigned.add({ time: record['time'] });
    if (unsigned.isTooLong()) return end('unsigned-tail');
    later = link;
  }
  return end(head && 'not-signed');
}

const isCheckpoint = ({ metadata }: FoundRecord): boolean =>
  memberOf(metadata, 'event_code') === 'audit.checkpoint';

async function faultOf(checkpoint: FoundRecord, link: Link, key: CheckpointKey) {
  const signed = await verifyCheckpoint(memberOf(checkpoint['unmapped'], 'checkpoint'), [key]);
  return signed !== undefined && signsRecordBefore(signed, link) ? undefined : 'not-signed';
}

/** `later` is `undefined` for the last record of the log. */
function leadsTo(later: Link | undefined, earlier: Link | undefined): earlier is Link {
  if (!earlier?.intact) return false;
  const { chain, sequence, fingerprint } = earlier;
  return (
    later === undefined ||
    (later.chain === chain && later.sequence === sequence + 1 && later.previous === fingerprint)
  );
}
