// The events of a request: what each phase says.
import { type ErrorCode, errorRules, type GatewayError, type Sent } from '../../errors.ts';
import type { RequestFacts } from '../../request/request.ts';
import { type AuditEvent, severity } from './event-form.ts';
import { requestEvent } from './request-text.ts';

/** What came of it. `status` is what the caller got; `error` is there when the gateway raised it. */
export interface Outcome {
  readonly status: number;
  readonly error?: { readonly code: ErrorCode; readonly detail: string } | undefined;
  readonly sent: Sent;
  readonly upstream?: {
    readonly status: number;
    readonly requestId?: string | undefined;
    readonly resourceId?: string | undefined;
  };
}

/** The outcome of a request that ended with an error of the gateway's own. */
export function failedOutcome({ code, detail, rule, sent, receivedStatus }: GatewayError): Outcome {
  const upstream = receivedStatus === undefined ? {} : { upstream: { status: receivedStatus } };
  return { status: rule.status, error: { code, detail }, sent, ...upstream };
}

/** The gateway refused the request. `receivedStatus`: of Aerospike Cloud's answer to a read before it, if there was one. */
export function refusedEvent(
  facts: RequestFacts,
  error: { code: ErrorCode; detail: string; receivedStatus?: number | undefined },
  now: number,
): AuditEvent {
  const { code, detail, receivedStatus } = error;
  const refused = {
    phase: 'refused',
    action: facts.dryRun ? 'observed' : 'denied',
    severityId: severity.low,
    status: { id: 2, code, detail },
    answered: receivedStatus,
    response: { code: errorRules[code].status },
    unmapped: { upstream: { sent: 'no', status: receivedStatus } },
  } as const;
  return requestEvent(facts, refused, now);
}

/** What the read that Aerospike Cloud refused was for. */
const reads = { POST: 'before the create', DELETE: 'before the delete', GET: 'for the peering' } as const;

/** Aerospike Cloud itself refused a read; nothing was sent. */
export function refusedByUpstreamEvent(
  facts: RequestFacts,
  { status, requestId }: { status: number; requestId?: string | undefined },
  now: number,
): AuditEvent {
  const detail = `Aerospike Cloud answered ${status} to the read ${reads[facts.operation.method]}.`;
  const refused = {
    phase: 'refused',
    action: facts.dryRun ? 'observed' : 'denied',
    severityId: severity.low,
    status: { id: 2, code: 'upstream-answered', detail },
    answered: status,
    response: { code: status, requestId },
    unmapped: { upstream: { sent: 'no', status, requestId } },
  } as const;
  return requestEvent(facts, refused, now);
}

/** The answer to an earlier request with the same Idempotency-Key was given again; nothing was sent. */
export function replayedEvent(
  facts: RequestFacts,
  { status, first, resourceId }: { status: number; first: string; resourceId?: string | undefined },
  now: number,
): AuditEvent {
  const detail = 'The answer to an earlier request with the same Idempotency-Key was given again.';
  const replayed = {
    phase: 'outcome',
    action: 'allowed',
    severityId: severity.informational,
    status: { id: status < 400 ? 1 : 2, code: 'replayed', detail },
    response: { code: status },
    createdId: resourceId,
    unmapped: { upstream: { sent: 'no' }, replayed: { first, resourceId } },
  } as const;
  return requestEvent(facts, replayed, now);
}

/** The fleet was answered from the snapshot that the gateway had; nothing was sent. */
export const snapshotEvent = (facts: RequestFacts, now: number): AuditEvent =>
  requestEvent(facts, snapshot, now);

const snapshot = {
  phase: 'outcome',
  action: 'allowed',
  severityId: severity.informational,
  status: {
    id: 1,
    code: 'snapshot-answered',
    detail: 'The gateway answered from its snapshot of the fleet.',
  },
  response: { code: 200 },
  unmapped: { upstream: { sent: 'no' } },
} as const;

/** Approved, not yet sent. */
export const intentEvent = (facts: RequestFacts, now: number): AuditEvent => requestEvent(facts, intent, now);

const intent = {
  phase: 'intent',
  action: 'allowed',
  severityId: severity.informational,
  status: { id: 99 },
  unmapped: {},
} as const;

/** A dry run that would have been forwarded; nothing was. */
export const dryRunEvent = (facts: RequestFacts, now: number): AuditEvent => requestEvent(facts, dryRun, now);

const dryRun = {
  phase: 'dryrun',
  action: 'allowed',
  severityId: severity.informational,
  status: { id: 1, code: 'dry-run', detail: 'A dry run: the create would have been forwarded.' },
  response: { code: 200 },
  unmapped: { upstream: { sent: 'no' } },
} as const;

/** `status_id` 0 if nobody can know whether the change was carried out. */
export function outcomeEvent(facts: RequestFacts, outcome: Outcome, now: number): AuditEvent {
  const { status, error, sent, upstream } = outcome;
  const ok = error === undefined && status < 400;
  const code = error?.code ?? 'upstream-answered';
  const detail = error?.detail ?? `Aerospike Cloud answered ${upstream?.status ?? status}.`;
  const ended = {
    phase: 'outcome',
    action: 'allowed',
    severityId: ok ? severity.informational : severity.medium,
    status: { id: ok ? 1 : isIndeterminate(facts, outcome) ? 0 : 2, code, detail },
    answered: upstream?.status,
    response: { code: status, requestId: upstream?.requestId },
    createdId: upstream?.resourceId,
    unmapped: { upstream: { sent, ...upstream } },
  } as const;
  return requestEvent(facts, ended, now);
}

/**
 * Can nobody know whether the change was carried out? A read changes nothing; nor does a change that was not sent or was
 * refused with a 4xx. After a 5xx, a broken answer or none, nobody can know (RFC 9110 section 9.2.2).
 */
export function isIndeterminate(
  { operation: { method } }: RequestFacts,
  { sent, error, upstream }: Outcome,
): boolean {
  if (method === 'GET' || sent === 'no' || error?.code === 'credential-refused') return false;
  return error !== undefined || upstream === undefined || upstream.status >= 500;
}
