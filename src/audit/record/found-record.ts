// Recognises audit records in a JSON value and reads their place in a chain. Believes nothing in them: the fingerprint is
// computed again.
import { memberOf, parseJson } from '../../net/json.ts';
import { repeatsMember } from '../../net/strict-json.ts';
import { fingerprintOf, fingerprintText, type Head, withFingerprint } from '../log/chain.ts';
import { canonicalJson } from './canonical-json.ts';

/** A record as it was found; nothing in it has been checked. */
export type FoundRecord = Readonly<Record<string, unknown>>;

/** What systems that keep events wrap them in. Other members are not searched: a log line may quote what a caller sent. */
const envelopes = ['hits', '_source', 'result', '_raw', 'event', 'log', 'message'];

/** With the JSON that it was read from. */
export interface Found {
  readonly record: FoundRecord;
  readonly text: string;
}

/** Arrays, envelopes and text in text. */
const maxNesting = 6;

/** The audit records in a value, also inside the envelope of a system that keeps events. `text`: the value's JSON. */
export function* recordsIn(value: unknown, text: string, nesting = 0): Generator<Found> {
  if (nesting > maxNesting) return;
  if (typeof value === 'string') {
    if (value.includes('"class_uid"')) yield* recordsIn(parseJson(value), value, nesting + 1);
  } else if (Array.isArray(value)) {
    for (const element of value) yield* recordsIn(element, text, nesting + 1);
  } else if (isRecord(value)) yield { record: value, text };
  else if (typeof value === 'object' && value !== null)
    for (const name of envelopes) yield* recordsIn(memberOf(value, name), text, nesting + 1);
}

const isRecord = (value: unknown): value is FoundRecord =>
  memberOf(value, 'class_uid') === 6003 &&
  memberOf(memberOf(memberOf(value, 'metadata'), 'product'), 'name') === 'peergate';

/** Where a record says that it stands, and what it says of its neighbours. */
export interface Link extends Head {
  /** Is `fingerprint` that of the record as it was found, and can every reader of it see only one value? */
  readonly intact: boolean;
  /** Fingerprint of the record before; `undefined` for the first one. */
  readonly previous: string | undefined;
}

/** `undefined` when the record has no place in a chain. `text`: the JSON that it was read from. */
export function linkOf(record: FoundRecord, text: string): Link | undefined {
  const { metadata, attestation_list: list, type_uid: typeUid } = record;
  const attestation: unknown = Array.isArray(list) && list.length === 1 ? list[0] : undefined;
  const chain = memberOf(attestation, 'chain_uid');
  const sequence = memberOf(metadata, 'sequence');
  const uid = memberOf(metadata, 'uid');
  const stated = memberOf(attestation, 'fingerprint');
  const fingerprint = memberOf(stated, 'value');
  const previous = memberOf(memberOf(memberOf(attestation, 'prev_event'), 'fingerprint'), 'value');
  if (typeof chain !== 'string' || !Number.isSafeInteger(sequence) || Number(sequence) < 1) return undefined;
  if (typeof uid !== 'string' || typeof fingerprint !== 'string') return undefined;
  const { fingerprint: _, ...unsealed } = attestation as FoundRecord;
  const canonical = canonicalOf({ ...record, attestation_list: [unsealed] });
  const matches =
    canonical !== undefined &&
    fingerprintOf(canonical) === fingerprint &&
    // The fingerprint does not cover its own member: its algorithm must be the one that is written.
    canonicalOf(stated) === fingerprintText(fingerprint);
  return {
    chain,
    sequence: sequence as number,
    uid,
    typeUid: typeof typeUid === 'number' ? typeUid : Number.NaN,
    fingerprint,
    intact: matches && (withFingerprint(canonical, chain, fingerprint) === text || !repeatsMemberIn(text)),
    previous: typeof previous === 'string' ? previous : undefined,
  };
}

/** Many records may stand in one text, which is searched once. */
let searched: { readonly text: string; readonly repeats: boolean } | undefined;

function repeatsMemberIn(text: string): boolean {
  if (searched?.text !== text) searched = { text, repeats: repeatsMember(text) };
  return searched.repeats;
}

/** `undefined` when the value has no canonical form. */
function canonicalOf(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

/** A record, and its place in a chain if it has one. */
export interface LinkedRecord {
  readonly record: FoundRecord;
  readonly link: Link | undefined;
}

/** The record in a line that a gateway wrote. */
export function recordOf(line: string): LinkedRecord | undefined {
  const [found] = recordsIn(parseJson(line), line);
  return found && { record: found.record, link: linkOf(found.record, found.text) };
}
