// Holds the checkpoints of a log against the records that they sign, while these go by. A checkpoint that no given key made
// proves nothing, neither does one of another chain, and a long stretch without one is suspicious: a gateway with a key
// signs.

import { beforeFirst, type Head } from '../log/chain.ts';
import { type Checkpoint, verifyCheckpoint } from '../log/checkpoint.ts';
import type { CheckpointKey } from '../log/signing-key.ts';
import { type FoundRecord, memberOf } from '../record/found-record.ts';
import { type Draft, type Range, records } from './breaks.ts';
import type { LinkedRecord, Place } from './linked-record.ts';
import { begins, type Segment, type Segments } from './segments.ts';

/** A gateway signs every 1,000 records or 60 s; more than this was kept from a checkpoint. */
const mostUnsigned = 2000;
const longestUnsignedMs = 150_000;

/** What the checkpoints of a log prove. */
export interface SignedExtent {
  /** Those that hold. */
  readonly checkpoints: number;
  /** Records that none of them covers yet. */
  readonly unsigned: number;
  /** When the latest of them was made, by its signature, in milliseconds since the epoch. */
  readonly until: number | undefined;
}

/** How far one segment is signed. */
interface State {
  /** The last record that is; 0: none. */
  signed: number;
  /** What comes behind it: the first of it, since when, and how many, without checkpoints. */
  unsigned: Unsigned | undefined;
  lastSequence: number;
  lastTime: number;
  /** Checkpoints that do not hold, behind all that do. */
  failing: { count: number } | undefined;
}

interface Unsigned {
  readonly from: number;
  readonly place: Place;
  since: number;
  count: number;
}

export class Signatures {
  readonly drafts: Draft[] = [];
  readonly #keys: readonly CheckpointKey[];
  readonly #after: Head;
  readonly #states = new Map<Segment, State>();
  #checkpoints = 0;
  #until: number | undefined;

  constructor(keys: readonly CheckpointKey[], after: Head) {
    this.#keys = keys;
    this.#after = after;
  }

  /** Takes the records in their order, each when it has its place in a segment. */
  async take(record: FoundRecord, linked: LinkedRecord, segment: Segment, segments: Segments): Promise<void> {
    const state = this.#stateOf(segment);
    const { time, sequence, place } = linked;
    const code = memberOf(record['metadata'], 'event_code');
    if (code === 'audit.checkpoint') {
      const jws = memberOf(record['unmapped'], 'checkpoint');
      const signed = typeof jws === 'string' ? await verifyCheckpoint(jws, this.#keys) : undefined;
      this.#check(signed, linked, { segment, segments, state });
      return;
    }
    state.lastTime = time;
    state.lastSequence = sequence;
    state.unsigned ??= { from: sequence, place, since: time, count: 0 };
    state.unsigned.count += 1;
    // A gateway that was killed signs when it runs again: its downtime does not count.
    const starts =
      code === 'policy.loaded' && memberOf(memberOf(record['unmapped'], 'policy'), 'old') === null;
    if (starts) state.unsigned.since = time;
  }

  /** `back` has turned out to be the end of `front`. */
  join(front: Segment, back: Segment): void {
    const [a, b] = [this.#stateOf(front), this.#stateOf(back)];
    this.#states.delete(back);
    this.#states.set(front, {
      signed: Math.max(a.signed, b.signed),
      unsigned: b.signed >= back.first.sequence ? b.unsigned : sumOf(a.unsigned, b.unsigned),
      lastSequence: b.lastSequence,
      lastTime: b.lastTime,
      failing: b.failing ?? a.failing,
    });
  }

  extent(): SignedExtent {
    const unsigned = [...this.#states.values()].reduce((sum, state) => sum + (state.unsigned?.count ?? 0), 0);
    return { checkpoints: this.#checkpoints, unsigned, until: this.#until };
  }

  /** To be called when all records have been taken. `followed`: segments that do not end the chain that they are in. */
  findBreaks(followed: ReadonlySet<Segment>): Draft[] {
    const late = [...this.#states]
      .map(([segment, state]) => this.#unsignedOf(segment, state, followed.has(segment)))
      .filter((draft) => draft !== undefined);
    return [...this.drafts, ...late];
  }

  #unsignedOf(
    segment: Segment,
    { signed, unsigned, lastSequence, lastTime, failing }: State,
    goesOn: boolean,
  ): Draft | undefined {
    if (unsigned === undefined || failing !== undefined) return undefined;
    const { from, place, since, count } = unsigned;
    const long = count > mostUnsigned || lastTime - since > longestUnsignedMs;
    // A chain without any checkpoint may be a forged one, however short it is.
    const whole = begins(segment, this.#after) && segment.first.previous === beforeFirst.hash;
    const bare = signed === 0 && whole && !goesOn;
    if (!long && !bare) return undefined;
    const describe = (range: Range) =>
      `${records(range)} ${range.from === range.to ? 'is' : 'are'} not signed, though a gateway with a key signs.`;
    return { kind: 'signature', place, from, to: Math.max(from, lastSequence), describe };
  }

  #check(
    signed: Checkpoint | undefined,
    linked: LinkedRecord,
    { segment, segments, state }: { segment: Segment; segments: Segments; state: State },
  ): void {
    const reason = this.#reasonAgainst(signed, { segment, segments, state });
    if (signed === undefined || reason !== undefined) {
      this.#fail(state, linked, reason, signed);
      return;
    }
    this.#checkpoints += 1;
    this.#until = Math.max(this.#until ?? 0, signed.time);
    state.signed = Math.max(state.signed, signed.sequence);
    // It signs what stands before these files, or is lost, which has been reported.
    if (signed.sequence < segment.first.sequence) return;
    state.failing = undefined;
    // What was written while the signature was made stands between the two.
    const count = linked.sequence - signed.sequence - 1;
    const { place } = linked;
    state.unsigned = count > 0 ? { from: signed.sequence + 1, place, since: signed.time, count } : undefined;
  }

  #reasonAgainst(
    signed: Checkpoint | undefined,
    { segment, segments, state }: { segment: Segment; segments: Segments; state: State },
  ): Reason | undefined {
    if (signed === undefined) return 'foreign';
    const { sequence, hash } = signed;
    if (sequence < segment.first.sequence)
      return sequence === this.#after.sequence && begins(segment, this.#after) && hash !== this.#after.hash
        ? 'other'
        : undefined;
    if (segments.sequenceIn(segment, hash) !== sequence) return 'other';
    // Every one signs a later record than the one before it.
    return sequence <= state.signed ? 'repeated' : undefined;
  }

  #fail(
    state: State,
    { sequence, place }: LinkedRecord,
    reason: Reason = 'foreign',
    signed?: Checkpoint,
  ): void {
    if (state.failing !== undefined) {
      state.failing.count += 1;
      return;
    }
    const failing = { count: 1 };
    state.failing = failing;
    const from = Math.min(state.signed + 1, sequence);
    const range =
      reason === 'other' && signed !== undefined
        ? { from, to: Math.max(from, Math.min(signed.sequence, sequence - 1)) }
        : { from: sequence, to: sequence };
    const rest = () =>
      failing.count === 1 ? '' : ` Of the later ones, ${failing.count - 1} do not hold either.`;
    const describe = () => `${wordsFor(reason, range, signed)}${rest()}`;
    this.drafts.push({ kind: 'signature', place, ...range, describe });
  }

  #stateOf(segment: Segment): State {
    const known = this.#states.get(segment);
    if (known !== undefined) return known;
    const state = { signed: 0, unsigned: undefined, lastSequence: 0, lastTime: 0, failing: undefined };
    this.#states.set(segment, state);
    return state;
  }
}

type Reason = 'foreign' | 'other' | 'repeated';

function wordsFor(reason: Reason, range: Range, signed: Checkpoint | undefined): string {
  if (reason === 'foreign') return 'The checkpoint is not signed by a key that was given.';
  if (reason === 'repeated')
    return `The checkpoint repeats an earlier one, which signs record ${signed?.sequence}.`;
  const are = range.from === range.to ? 'is' : 'are';
  return `${records(range)} ${are} not what the checkpoint signs: the log was written anew.`;
}

function sumOf(a: Unsigned | undefined, b: Unsigned | undefined): Unsigned | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { ...a, since: Math.min(a.since, b.since), count: a.count + b.count };
}
