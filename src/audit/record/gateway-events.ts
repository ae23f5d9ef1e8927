// The events that are about the gateway itself rather than a request: which policy is in force, and what became of the audit
// log. Built member by member, as the others.
import type { PolicyFault } from '../../policy/engine/policy-data.ts';
import type { TornLine } from '../log/log-file.ts';
import {
  allowedAction,
  deniedAction,
  type EventCode,
  header,
  policyNamed,
  severity,
  statusOf,
} from './event-form.ts';

/** A policy came into force. */
export function policyLoadedEvent(
  versions: { old: string | undefined; new: string },
  instance: string,
  now: number,
) {
  return {
    ...policyEvent('policy.loaded', instance, now, severity.informational),
    policy: policyNamed(versions.new, true),
    ...allowedAction,
    ...statusOf(1, 'policy-loaded', 'The policy is in force.'),
    unmapped: { policy: { old: versions.old ?? null, new: versions.new } },
  };
}

/** At most so many faults are recorded; the count says how many there were. */
const mostFaults = 20;

/** A policy was refused, and the one before it stays in force. */
export function policyRejectedEvent(
  versions: { old: string; new: string | null },
  faults: readonly PolicyFault[],
  instance: string,
  now: number,
) {
  return {
    ...policyEvent('policy.rejected', instance, now, severity.medium),
    policy: policyNamed(versions.new ?? 'unreadable', false),
    ...deniedAction,
    ...statusOf(2, 'policy-rejected', 'The policy has faults; the last good one stays in force.'),
    unmapped: { policy: { ...versions, faultCount: faults.length, faults: faults.slice(0, mostFaults) } },
  };
}

const policyEvent = (code: EventCode, instance: string, now: number, severityId: number) =>
  ownEvent(code, 'policy.load', { instance, now, activityId: 3, severityId });

interface OwnFacts {
  readonly instance: string;
  readonly now: number;
  readonly activityId: 1 | 3;
  readonly severityId: number;
}

const ownEvent = (
  code: EventCode,
  operation: string,
  { instance, now, activityId, severityId }: OwnFacts,
) => ({
  ...header(code, now, now, activityId, severityId),
  actor: { app_name: 'peergate' },
  api: { operation, service: { name: 'peergate' } },
  src_endpoint: { name: instance },
});

/** A torn line was set aside. */
export function recoveredEvent({ file, bytes, sha256 }: TornLine, instance: string, now: number) {
  return {
    ...logEvent('audit.recovered', instance, now, 3, severity.medium),
    ...statusOf(1, 'torn-line-set-aside', 'The last line of the log was not whole; it was set aside.'),
    unmapped: { recovered: { file, bytes, sha256 } },
  };
}

/** A signature over the chain so far: a compact JWS (RFC 7515) over `{ sequence, hash, time }`. */
export function checkpointEvent(jws: string, instance: string, now: number) {
  return {
    ...logEvent('audit.checkpoint', instance, now, 1, severity.informational),
    ...statusOf(1, 'chain-signed', 'The chain up to an earlier record is signed.'),
    unmapped: { checkpoint: jws },
  };
}

const logEvent = (code: EventCode, instance: string, now: number, activityId: 1 | 3, severityId: number) => ({
  ...ownEvent(code, 'audit.log', { instance, now, activityId, severityId }),
  ...allowedAction,
});
