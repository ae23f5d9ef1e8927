// Makes records out of audit events: each is fingerprinted and refers to the one before, so that whatever is done to a
// record shows in any copy that preserves it as JSON (OCSF 1.9, profile record_integrity). Does no output.
import { hash } from 'node:crypto';
import { canonicalText } from '../record/canonical-json.ts';
import type { AuditEvent } from '../record/event-form.ts';
import { fitRecord } from '../record/fit-record.ts';

/** Who writes the records; stands in every one of them. */
export interface Reporter {
  /** This version of peergate. */
  readonly version: string;
  /** Names the instance (`metadata.reporter.uid`). */
  readonly instance: string;
}

/** The last record of a chain, which the next one refers to. */
export interface Head {
  /** `chain_uid`, a UUID. */
  readonly chain: string;
  readonly sequence: number;
  /** `metadata.uid` and `type_uid` of the record. */
  readonly uid: string;
  readonly typeUid: number;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

/** Called with the new head and its event. */
type AppendWatch = (head: Head, event: AuditEvent) => void;

const profiles = '["security_control","record_integrity"]';
const tracedProfiles = '["security_control","record_integrity","trace"]';

/** In canonical form. `algorithm_id` 3: SHA-256; `encoding_id` 1: hex; `serialization_id` 2: RFC 8785. */
export const fingerprintText = (value: string): string =>
  `{"algorithm_id":3,"encoding_id":1,"serialization_id":2,"value":"${value}"}`;
const fingerprintMember = (value: string): string => `,"fingerprint":${fingerprintText(value)}`;
const fingerprintBytes = fingerprintMember('0'.repeat(64)).length;

/** Of a record in canonical form without its own fingerprint; lower-case hex. */
export const fingerprintOf = (canonical: string): string => hash('sha256', canonical);

/** One chain of records. */
export class AuditChain {
  readonly uid: string;
  /** Members that every record has, in canonical form. */
  readonly #instance: string;
  readonly #product: string;
  readonly #newId: () => string;
  readonly #watch: AppendWatch;
  #head: Head | undefined;

  /** Continues after `head`; without one a new chain begins. `watch` is called after every record. */
  constructor(reporter: Reporter, newId: () => string, head?: Head, watch: AppendWatch = () => {}) {
    this.uid = head?.chain ?? newId();
    this.#instance = canonicalText(reporter.instance);
    this.#product = `"product":{"name":"peergate","vendor_name":"peergate","version":${canonicalText(reporter.version)}}`;
    this.#newId = newId;
    this.#head = head;
    this.#watch = watch;
  }

  /** The next record of the chain: its line, without newline. */
  append(event: AuditEvent): string {
    const sequence = (this.#head?.sequence ?? 0) + 1;
    const uid = this.#newId();
    const text = fitRecord(this.#recordText(event, sequence, uid), fingerprintBytes + 1);
    const fingerprint = fingerprintOf(text);
    this.#head = {
      chain: this.uid,
      sequence,
      uid,
      typeUid: event.typeUid,
      fingerprint,
    };
    this.#watch(this.#head, event);
    return withFingerprint(text, this.uid, fingerprint);
  }

  /** In canonical form, without the fingerprint. */
  #recordText({ code, traced, first, second, third }: AuditEvent, sequence: number, uid: string): string {
    return (
      `{${first}"attestation_list":[{"authority_uid":${this.#instance},"chain_uid":"${this.uid}"` +
      `${this.#head === undefined ? '' : `,"prev_event":${previousText(this.#head)}`}}],` +
      `${second}"metadata":{"event_code":"${code}",${this.#product},"profiles":${traced ? tracedProfiles : profiles},` +
      `"reporter":{"uid":${this.#instance}},"sequence":${sequence},"uid":"${uid}","version":"1.9.0"}${third}}`
    );
  }
}

const previousText = ({ uid, typeUid, fingerprint }: Head): string =>
  `{"fingerprint":${fingerprintText(fingerprint)},"type_uid":${typeUid},"uid":"${uid}"}`;

/** What is hashed is the line without this member, so a record is serialized once. No member before it has its name. */
export function withFingerprint(text: string, chain: string, fingerprint: string): string {
  const before = `"chain_uid":"${chain}"`;
  const at = text.indexOf(before) + before.length;
  return `${text.slice(0, at)}${fingerprintMember(fingerprint)}${text.slice(at)}`;
}
