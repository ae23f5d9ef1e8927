// The events that are about the gateway itself rather than a request: its start and stop, which policy is in force, and the
// state of the audit log. Built member by member, as the others.
import type { PolicyFault } from '../../policy/engine/policy-data.ts';
import type { Head } from '../log/chain.ts';
import type { TornLine } from '../log/log-file.ts';
import {
  allowedAction,
  defined,
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
    unmapped: { policy: defined({ old: versions.old, new: versions.new }) },
  };
}

/** At most so many faults are recorded; `faultCount` says how many there were. */
const maxFaults = 20;

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
    unmapped: {
      policy: defined({
        old: versions.old,
        new: versions.new ?? undefined,
        faultCount: faults.length,
        faults: faults.slice(0, maxFaults).map(({ member, message, ...place }) => ({
          ...place,
          // Both may quote the file.
          member: member.toWellFormed(),
          message: message.toWellFormed(),
        })),
      }),
    },
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

/** The listeners are bound. */
export const startedEvent = (instance: string, now: number) => ({
  ...processEvent('gateway.started', instance, now),
  ...statusOf(1, 'gateway-started', 'The gateway started.'),
});

/** An orderly stop; requests in flight have ended. */
export const stoppedEvent = (instance: string, now: number) => ({
  ...processEvent('gateway.stopped', instance, now),
  ...statusOf(1, 'gateway-stopped', 'The gateway stopped.'),
});

const processEvent = (code: EventCode, instance: string, now: number) => ({
  ...ownEvent(code, 'gateway.run', { instance, now, activityId: 3, severityId: severity.informational }),
  ...allowedAction,
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
export interface OldChain {
  readonly head: Pick<Head, 'chain' | 'sequence' | 'fingerprint'> | undefined;
  readonly reason: ChainEnd;
  readonly openIntents: number;
}

/** A new chain begins; `old` is the one that the log had before. */
export function chainStartedEvent(old: OldChain | undefined, instance: string, now: number) {
  return {
    ...logEvent('audit.chain-started', instance, now, 1, old ? severity.medium : severity.informational),
    ...statusOf(
      1,
      'chain-started',
      old === undefined ? 'A chain of records begins.' : 'A new chain begins; the old one is not continued.',
    ),
    unmapped:
      old === undefined
        ? {}
        : {
            oldChain: defined({
              chain: old.head?.chain,
              sequence: old.head?.sequence,
              fingerprint: old.head?.fingerprint,
              reason: old.reason,
              openIntents: old.openIntents,
            }),
          },
  };
}

/** A signature over the chain so far: a compact JWS (RFC 7515) over `{ chain, sequence, fingerprint, time }`. */
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
