// What all audit events have in common: an OCSF 1.9 API Activity (class 6003) with the security_control profile, and the
// fixed words of its enumerations.
import type { ChangeEvents, ReadEvents } from '../../request/request.ts';

/** `metadata.event_code` (interface, section 5). */
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

/** An event that has no place in the chain yet. */
export type AuditEvent = Readonly<Record<string, unknown>>;

export const severity = { informational: 1, low: 2, medium: 3 } as const;
export const allowedAction = { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' };
export const observedAction = { action_id: 3, action: 'Observed', disposition_id: 2, disposition: 'Blocked' };
export const deniedAction = { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' };

/** Who did what and when is up to each event; this is what every one begins with. */
export function header(
  code: EventCode,
  startedAt: number,
  now: number,
  activityId: 1 | 2 | 3 | 4,
  severityId: number,
  trace?: object,
) {
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    activity_id: activityId,
    activity_name: ['', 'Create', 'Read', 'Update', 'Delete'][activityId],
    type_uid: 600300 + activityId,
    severity_id: severityId,
    severity: ['', 'Informational', 'Low', 'Medium'][severityId],
    time: now,
    start_time: startedAt,
    duration: Math.max(0, now - startedAt),
    metadata: { event_code: code },
    ...(trace === undefined ? {} : { trace }),
  };
}

export const policyNamed = (version: string, applied: boolean) => ({
  name: 'peering policy',
  uid: version,
  version,
  is_applied: applied,
});

export const statusOf = (id: 0 | 1 | 2, code: string, detail: string) => ({
  status_id: id,
  status: ['Unknown', 'Success', 'Failure'][id],
  status_code: code,
  // May quote what a caller or a file holds.
  status_detail: detail.toWellFormed(),
});

/** Leaves out what is not known: a record holds no `null` that an auditor could take for a value. */
export function defined<T extends object>(value: T): Partial<T> {
  const known: Partial<T> = {};
  for (const name in value) if (value[name] !== undefined) known[name] = value[name];
  return known;
}
