// Recognises audit records in a JSON value and reads their place in a chain. Believes nothing in them: the fingerprint is
// computed again.
import { repeatsMember } from '../../net/strict-json.ts';
import { fingerprintOf, fingerprintText, type Head, sealedText } from '../log/chain.ts';
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
    if (value.includes('"class_uid"')) yield* recordsIn(parsed(value), value, nesting + 1);
  } else if (Array.isArray(value)) {
    for (const element of value) yield* recordsIn(element, text, nesting + 1);
  } else if (isRecord(value)) yield { record: value, text };
  else if (typeof value === 'object' && value !== null)
    for (const name of envelopes) yield* recordsIn(memberOf(value, name), text, nesting + 1);
}

const isRecord = (value: unknown): value is FoundRecord =>
  memberOf(value, 'class_uid') === 6003 &&
  memberOf(memberOf(memberOf(value, 'metadata'), 'product'), 'name') === 'peergate';

/** `undefined` when it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
  const canonical = withoutFingerprint(record, attestation as FoundRecord);
  const matches =
    canonical !== undefined && fingerprintOf(canonical) === fingerprint && isAsWritten(stated, fingerprint);
  return {
    chain,
    sequence: sequence as number,
    uid,
    typeUid: typeof typeUid === 'number' ? typeUid : Number.NaN,
    fingerprint,
    intact: matches && (sealedText(canonical, chain, fingerprint) === text || !repeatsMember(text)),
    previous: typeof previous === 'string' ? previous : undefined,
  };
}

/** The fingerprint does not cover its own member: its algorithm must be the one that is written. */
function isAsWritten(stated: unknown, fingerprint: string): boolean {
  try {
    return canonicalJson(stated) === fingerprintText(fingerprint);
  } catch {
    return false;
  }
}

/** The place of the record in a line. */
export function lineLink(line: string): Link | undefined {
  const [found] = recordsIn(parsed(line), line);
  return found && linkOf(found.record, found.text);
}

/** What the fingerprint covers; `undefined` when the record has no canonical form. */
function withoutFingerprint(record: FoundRecord, attestation: FoundRecord): string | undefined {
  const { fingerprint: _, ...rest } = attestation;
  try {
    return canonicalJson({ ...record, attestation_list: [rest] });
  } catch {
    return undefined;
  }
}

/** A member of what may be an object. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
