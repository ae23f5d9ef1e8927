// What all audit events have in common: an OCSF 1.9 API Activity (class 6003) with the security_control profile, and the
// fixed words of its enumerations.
import type { ChangeEvents, ReadEvents } from '../../request/request.ts';
import { canonicalJson, recordedText } from './canonical-json.ts';

/** `metadata.event_code` (docs/audit-records.md). */
export type EventCode =
  | `${ChangeEvents | ReadEvents}.${'refused' | 'outcome'}`
  | `${ChangeEvents}.intent`
  | 'peering.create.dryrun'
  | `${ChangeEvents}.reconciled`
  | 'policy.loaded'
  | 'policy.rejected'
  | 'gateway.started'
  | 'gateway.stopped'
  | 'audit.chain-started'
  | 'audit.recovered'
  | 'audit.checkpoint';

/** An event that is not in a chain yet: its members in canonical form (RFC 8785), without braces around them. */
export interface AuditEvent {
  readonly code: EventCode;
  /** `type_uid`. */
  readonly typeUid: number;
  /** In milliseconds since the epoch. */
  readonly time: number;
  readonly traced: boolean;
  /** The members before `attestation_list`, each followed by a comma. */
  readonly first: string;
  /** Those after it and before `metadata`, each followed by a comma. */
  readonly second: string;
  /** Those after `metadata`, each preceded by a comma. */
  readonly third: string;
}

/** The event of these members. The chain adds `attestation_list` and `metadata`. Throws for a number that is not finite. */
export function eventOf(code: EventCode, members: Readonly<Record<string, unknown>>): AuditEvent {
  const textOf = (isIn: (name: string) => boolean): string => {
    const found = Object.entries(members).filter(([name]) => isIn(name));
    return canonicalJson(Object.fromEntries(found), recordedText).slice(1, -1);
  };
  const first = textOf((name) => name < 'attestation_list');
  const second = textOf((name) => name > 'attestation_list' && name < 'metadata');
  const third = textOf((name) => name > 'metadata');
  return {
    code,
    typeUid: Number(members['type_uid'] ?? 0),
    time: Number(members['time'] ?? 0),
    traced: members['trace'] !== undefined,
    first: first === '' ? '' : `${first},`,
    second: second === '' ? '' : `${second},`,
    third: third === '' ? '' : `,${third}`,
  };
}

export const severity = { informational: 1, low: 2, medium: 3 } as const;
export const severityNames = { 1: 'Informational', 2: 'Low', 3: 'Medium' } as const;
export const statusNames = { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: 'Approved' } as const;
export const activityNames = { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' } as const;
