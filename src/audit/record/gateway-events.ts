// The events that are about the gateway itself rather than a request: its start and stop, which policy is in force, and the
// state of the audit log. Built member by member, as the others.
import type { PolicyFault } from '../../policy/engine/policy-data.ts';
import type { Head } from '../log/chain.ts';
import type { TornLine } from '../log/log-file.ts';
import {
  type AuditEvent,
  activityNames,
  type EventCode,
  eventOf,
  severity,
  severityNames,
  statusNames,
} from './event-form.ts';

const allowedAction = { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' };
const deniedAction = { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' };

const policyNamed = (version: string, applied: boolean) => ({
  name: 'peering policy',
  uid: version,
  version,
  is_applied: applied,
});

const statusOf = (id: 1 | 2, code: string, detail: string) => ({
  status_id: id,
  status: statusNames[id],
  status_code: code,
  status_detail: detail,
});

/** A policy came into force. */
export function policyLoadedEvent(
  versions: { old: string | undefined; new: string },
  instance: string,
  now: number,
): AuditEvent {
  return ownEvent('policy.loaded', policyLoad, instance, now, {
    policy: policyNamed(versions.new, true),
    ...allowedAction,
    ...statusOf(1, 'policy-loaded', 'The policy is in force.'),
    unmapped: { policy: versions },
  });
}

/** At most so many faults are recorded; `faultCount` says how many there were. */
const maxFaults = 20;

/** A policy was refused, and the one before it stays in force. */
export function policyRejectedEvent(
  versions: { old: string; new: string | null },
  faults: readonly PolicyFault[],
  instance: string,
  now: number,
): AuditEvent {
  return ownEvent('policy.rejected', { ...policyLoad, severityId: severity.medium }, instance, now, {
    policy: policyNamed(versions.new ?? 'unreadable', false),
    ...deniedAction,
    ...statusOf(2, 'policy-rejected', 'The policy has faults; the last good one stays in force.'),
    unmapped: {
      policy: {
        ...versions,
        faultCount: faults.length,
        faults: faults.slice(0, maxFaults),
      },
    },
  });
}

interface Kind {
  readonly operation: string;
  readonly activityId: 1 | 3;
  readonly severityId: 1 | 2 | 3;
}

const policyLoad: Kind = { operation: 'policy.load', activityId: 3, severityId: severity.informational };
const run: Kind = { operation: 'gateway.run', activityId: 3, severityId: severity.informational };
const logBegun: Kind = { operation: 'audit.log', activityId: 1, severityId: severity.informational };

/** `members` come on top of those that all events about the gateway have. */
const ownEvent = (
  code: EventCode,
  { operation, activityId, severityId }: Kind,
  instance: string,
  now: number,
  members: Readonly<Record<string, unknown>>,
): AuditEvent =>
  eventOf(code, {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    activity_id: activityId,
    activity_name: activityNames[activityId],
    type_uid: 600_300 + activityId,
    severity_id: severityId,
    severity: severityNames[severityId],
    time: now,
    start_time: now,
    duration: 0,
    actor: { app_name: 'peergate' },
    api: { operation, service: { name: 'peergate' } },
    src_endpoint: { name: instance },
    ...allowedAction,
    ...members,
  });

/** A torn line was set aside. */
export function recoveredEvent({ file, bytes, sha256 }: TornLine, instance: string, now: number): AuditEvent {
  const kind = { operation: 'audit.log', activityId: 3, severityId: severity.medium } as const;
  return ownEvent('audit.recovered', kind, instance, now, {
    ...statusOf(1, 'torn-line-set-aside', 'The last line of the log was not whole; it was set aside.'),
    unmapped: { recovered: { file, bytes, sha256 } },
  });
}

/** The listeners are bound. */
export const startedEvent = (instance: string, now: number): AuditEvent =>
  ownEvent('gateway.started', run, instance, now, {
    ...statusOf(1, 'gateway-started', 'The gateway started.'),
    unmapped: {},
  });

/** An orderly stop; requests in flight have ended. */
export const stoppedEvent = (instance: string, now: number): AuditEvent =>
  ownEvent('gateway.stopped', run, instance, now, {
    ...statusOf(1, 'gateway-stopped', 'The gateway stopped.'),
    unmapped: {},
  });

/** Why the chain that the log had is not continued. */
export type ChainEnd =
  /** The last record is not one that a gateway wrote. */
  | 'last-record-invalid'
  /** Its last checkpoint was not made with this key, or there is none. */
  | 'not-signed'
  /** Behind its last checkpoint there are more records than a gateway leaves unsigned, or others than it wrote. */
  | 'unsigned-tail';

/** `openIntents`: how many intents of the old chain have no outcome. */
interface OldChain {
  readonly head: Pick<Head, 'chain' | 'sequence' | 'fingerprint'> | undefined;
  readonly reason: ChainEnd;
  readonly openIntents: number;
}

/** A new chain begins; `old` is the one that the log had before. */
export function chainStartedEvent(old: OldChain | undefined, instance: string, now: number): AuditEvent {
  const { chain, sequence, fingerprint } = old?.head ?? {};
  const [severityId, detail] =
    old === undefined
      ? [severity.informational, 'A chain of records begins.']
      : [severity.medium, 'A new chain begins; the old one is not continued.'];
  return ownEvent('audit.chain-started', { ...logBegun, severityId }, instance, now, {
    ...statusOf(1, 'chain-started', detail),
    unmapped: {
      oldChain: old && { chain, sequence, fingerprint, reason: old.reason, openIntents: old.openIntents },
    },
  });
}

/** A signature over the chain so far: a compact JWS (RFC 7515) over `{ chain, sequence, fingerprint, time }`. */
export const checkpointEvent = (jws: string, instance: string, now: number): AuditEvent =>
  ownEvent('audit.checkpoint', logBegun, instance, now, {
    ...statusOf(1, 'chain-signed', 'The chain up to an earlier record is signed.'),
    unmapped: { checkpoint: jws },
  });
