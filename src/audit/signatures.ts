// Holds the checkpoints of a log against the records that they sign, while these go by. A checkpoint that no given key made
// proves nothing, and a long stretch without one is suspicious: a gateway with a key signs.
import { type Break, begins } from './breaks.ts';
import type { Head } from './chain.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { type FoundRecord, memberOf } from './found-record.ts';
import type { LinkedRecord, Segment, Segments } from './segments.ts';
import type { CheckpointKey } from './signing-key.ts';

/** A gateway signs every 1,000 records or 60 s; more than this was kept from a checkpoint. */
const mostUnsigned = 2000;
const longestUnsignedMs = 150_000;

/** What the checkpoints of a log prove. */
export interface SignedExtent {
  /** Those that hold. */
  readonly checkpoints: number;
  /** Records that none of them covers yet. */
  readonly unsigned: number;
}

/** How far one segment is signed. */
interface State {
  signed: boolean;
  /** The first record that is not, when it was written, and how many there are. */
  unsigned: { readonly first: LinkedRecord; readonly since: number; count: number } | undefined;
  lastTime: number;
}

export class Signatures {
  readonly #segments: Segments;
  readonly #keys: readonly CheckpointKey[];
  readonly #breaks: Break[] = [];
  readonly #states = new Map<Segment, State>();
  #checkpoints = 0;

  constructor(segments: Segments, keys: readonly CheckpointKey[]) {
    this.#segments = segments;
    this.#keys = keys;
  }

  /** Takes the records in their order, each when it has its place in a segment. */
  async take(record: FoundRecord, linked: LinkedRecord, segment: Segment): Promise<void> {
    const state = this.#states.get(segment) ?? { signed: false, unsigned: undefined, lastTime: 0 };
    this.#states.set(segment, state);
    const time = Number(record['time']);
    state.lastTime = time;
    if (memberOf(record['metadata'], 'event_code') === 'audit.checkpoint') {
      await this.#check(record, linked, state);
      return;
    }
    state.unsigned ??= { first: linked, since: time, count: 0 };
    state.unsigned.count += 1;
  }

  extent(): SignedExtent {
    const unsigned = [...this.#states.values()].reduce((sum, state) => sum + (state.unsigned?.count ?? 0), 0);
    return { checkpoints: this.#checkpoints, unsigned };
  }

  breaks(after: Head): Break[] {
    const found = [...this.#breaks];
    for (const [segment, { signed, unsigned, lastTime }] of this.#states) {
      if (unsigned === undefined) continue;
      const late = unsigned.count > mostUnsigned || lastTime - unsigned.since > longestUnsignedMs;
      if (!late && (signed || !begins(segment, after))) continue;
      const { first, count } = unsigned;
      const to = first.sequence + count - 1;
      const description = `Records ${first.sequence} to ${to} are not signed, though a gateway with a key signs.`;
      found.push(breakAt(first, description, to));
    }
    return found;
  }

  async #check(record: FoundRecord, linked: LinkedRecord, state: State): Promise<void> {
    const jws = memberOf(record['unmapped'], 'checkpoint');
    const signed = typeof jws === 'string' ? await verifyCheckpoint(jws, this.#keys) : undefined;
    if (signed === undefined) {
      this.#breaks.push(breakAt(linked, 'The checkpoint is not signed by a key that was given.'));
    } else if (this.#segments.sequenceOf(signed.hash) !== signed.sequence) {
      const description = `The checkpoint signs another record ${signed.sequence} than the one in the log.`;
      this.#breaks.push(breakAt(linked, description));
    } else {
      this.#checkpoints += 1;
      state.signed = true;
      // What was written while the signature was made stands between the two.
      const count = linked.sequence - signed.sequence - 1;
      state.unsigned = count > 0 ? { first: linked, since: state.lastTime, count } : undefined;
    }
  }
}

const breakAt = ({ sequence, place }: LinkedRecord, description: string, to = sequence): Break => ({
  kind: 'signature',
  file: place.file,
  line: place.line,
  from: sequence,
  to,
  description,
});
