// The events of a request. Built member by member from validated values; nothing gets into a record that is not named
// here, so no token, secret or header can.
import { type ErrorCode, errorRules, type GatewayError, type Sent } from '../../errors.ts';
import type { Decision } from '../../policy/engine/decision.ts';
import type { RecordedCaller, RecordedTrace, RequestFacts, RequestTarget } from '../../request/request.ts';
import {
  allowedAction,
  defined,
  deniedAction,
  type EventCode,
  header,
  observedAction,
  policyNamed,
  severity,
  statusOf,
} from './event-form.ts';

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

const activities = { POST: 1, GET: 2, DELETE: 4 } as const;

/** The gateway said no. `receivedStatus` is what Aerospike Cloud said to the look before it, if it came to one. */
export function refusedEvent(
  facts: RequestFacts,
  error: { code: ErrorCode; detail: string; receivedStatus?: number | undefined },
  now: number,
) {
  const { receivedStatus } = error;
  const event = requestEvent('refused', facts, now, severity.low);
  return {
    ...event,
    ...(facts.dryRun ? observedAction : deniedAction),
    ...statusOf(2, error.code, error.detail),
    api: answeredApi(event.api, receivedStatus),
    http_response: { code: errorRules[error.code].status },
    unmapped: defined({ ...decided(facts), upstream: defined({ sent: 'no', status: receivedStatus }) }),
  };
}

/** What the look that Aerospike Cloud refused was for. */
const looks = { POST: 'before the create', DELETE: 'before the delete', GET: 'for the peering' } as const;

/** Aerospike Cloud itself refused the look; nothing was sent. */
export function refusedByUpstreamEvent(
  facts: RequestFacts,
  { status, requestId }: { status: number; requestId?: string | undefined },
  now: number,
) {
  const event = requestEvent('refused', facts, now, severity.low);
  const detail = `Aerospike Cloud answered ${status} to the look ${looks[facts.operation.method]}.`;
  return {
    ...event,
    ...(facts.dryRun ? observedAction : deniedAction),
    ...statusOf(2, 'upstream-answered', detail),
    api: answeredApi(event.api, status),
    http_response: httpResponse(status, requestId),
    unmapped: defined({ ...decided(facts), upstream: defined({ sent: 'no', status, requestId }) }),
  };
}

/** The answer to an earlier request with the same Idempotency-Key was given again; nothing was sent. */
export function replayedEvent(
  facts: RequestFacts,
  { status, first, resourceId }: { status: number; first: string; resourceId?: string | undefined },
  now: number,
) {
  const event = requestEvent('outcome', facts, now, severity.informational);
  const detail = 'The answer to an earlier request with the same Idempotency-Key was given again.';
  return {
    ...event,
    ...allowedAction,
    ...statusOf(status < 400 ? 1 : 2, 'replayed', detail),
    resources: [...event.resources, ...peeringResource(resourceId)],
    http_response: { code: status },
    unmapped: defined({
      ...decided(facts),
      upstream: { sent: 'no' },
      replayed: defined({ first, resourceId }),
    }),
  };
}

/** The fleet was answered from the snapshot that the gateway had; nothing was sent. */
export function snapshotEvent(facts: RequestFacts, now: number) {
  return {
    ...requestEvent('outcome', facts, now, severity.informational),
    ...allowedAction,
    ...statusOf(1, 'snapshot-answered', 'The gateway answered from its snapshot of the fleet.'),
    http_response: { code: 200 },
    unmapped: defined({ ...decided(facts), upstream: { sent: 'no' } }),
  };
}

/** Approved, not yet sent. */
export function intentEvent(facts: RequestFacts, now: number) {
  return {
    ...requestEvent('intent', facts, now, severity.informational),
    ...allowedAction,
    status_id: 99,
    status: 'Approved',
    unmapped: defined(decided(facts)),
  };
}

/** A dry run that would have been forwarded; nothing was. */
export function dryRunEvent(facts: RequestFacts, now: number) {
  return {
    ...requestEvent('dryrun', facts, now, severity.informational),
    ...allowedAction,
    ...statusOf(1, 'dry-run', 'A dry run: the create would have been forwarded.'),
    http_response: { code: 200 },
    unmapped: defined({ ...decided(facts), upstream: { sent: 'no' } }),
  };
}

/** Settled, or not to be known (`status_id` 0: it may have reached the upstream). */
export function outcomeEvent(facts: RequestFacts, outcome: Outcome, now: number) {
  const { status, error, sent, upstream } = outcome;
  const ok = error === undefined && status < 400;
  const statusId = ok ? 1 : settled(facts, outcome) ? 2 : 0;
  const event = requestEvent('outcome', facts, now, ok ? severity.informational : severity.medium);
  return {
    ...event,
    ...allowedAction,
    ...statusOf(
      statusId,
      error?.code ?? 'upstream-answered',
      error?.detail ?? `Aerospike Cloud answered ${upstream?.status ?? status}.`,
    ),
    api: answeredApi(event.api, upstream?.status),
    resources: [...event.resources, ...peeringResource(upstream?.resourceId)],
    http_response: httpResponse(status, upstream?.requestId),
    unmapped: defined({ ...decided(facts), upstream: defined({ sent, ...upstream }) }),
  };
}

/**
 * Is it certain that a failed request changed nothing upstream? A read never does; a change did not when it was not sent or
 * was refused with a 4xx. After a 5xx, a broken answer or none, nobody can know (RFC 9110 section 9.2.2).
 */
function settled({ operation: { method } }: RequestFacts, { sent, error, upstream }: Outcome): boolean {
  if (method === 'GET' || sent === 'no' || error?.code === 'credential-refused') return true;
  return error === undefined && upstream !== undefined && upstream.status < 500;
}

/** With the status that Aerospike Cloud gave, when it gave one. */
const answeredApi = <Api extends object>(api: Api, status: number | undefined) => ({
  ...api,
  ...(status === undefined ? {} : { response: { code: status } }),
});

/** `requestId` is the upstream's. */
const httpResponse = (code: number, requestId: string | undefined) => ({
  code,
  ...(requestId === undefined ? {} : { http_headers: [{ name: 'X-Request-Id', value: requestId }] }),
});

export function requestEvent(
  phase: 'refused' | 'intent' | 'outcome' | 'dryrun' | 'reconciled',
  facts: RequestFacts,
  now: number,
  severityId: number,
) {
  const { operation, startedAt, caller, target = {}, decision, trace } = facts;
  const { clusterId, peering, peeringId, existing, page, filter } = target;
  const { method, events } = operation;
  const data = defined({ clusterId, peeringId, ...existing, ...peering, ...page, ...filter });
  return {
    ...header(
      `${events}.${phase}` as EventCode,
      startedAt,
      now,
      activities[method],
      severityId,
      traced(trace, now),
    ),
    actor: actorOf(caller),
    api: {
      operation: operation.id,
      service: { name: 'Aerospike Cloud' },
      request: {
        uid: facts.gatewayRequestId,
        ...(Object.keys(data).length > 0 ? { data } : {}),
      },
      ...(caller?.tokenId === undefined ? {} : { token: { uid: caller.tokenId } }),
    },
    http_request: { http_method: method, uid: facts.requestId, url: { path: operation.route } },
    src_endpoint: { ip: facts.clientAddress },
    resources: [...resourcesOf(clusterId, peering ?? existing), ...peeringResource(peeringId)],
    ...(decision ? policyOf(decision) : {}),
  };
}

/** OCSF's trace profile. The span has not ended when its record is made: it is as long as it was then. */
const traced = (trace: RecordedTrace | undefined, now: number): object | undefined =>
  trace === undefined
    ? undefined
    : {
        uid: trace.traceId,
        span: { uid: trace.spanId, start_time: trace.startedAt, end_time: Math.max(trace.startedAt, now) },
      };

/** Without a verified token nobody is known: what an unverified one claims is not evidence. */
function actorOf(caller: RecordedCaller | undefined) {
  if (caller === undefined) return { user: { name: 'unverified', type_id: 0, type: 'Unknown' } };
  return {
    user: { uid: caller.subject, type_id: 4, type: 'Service' },
    idp: { name: caller.issuer },
    session: defined({ issuer: caller.issuer, credential_uid: caller.tokenId }),
    ...(caller.clientId === undefined ? {} : { app_uid: caller.clientId }),
  };
}

function resourcesOf(
  clusterId: string | undefined,
  peering: RequestTarget['peering'] | RequestTarget['existing'],
): object[] {
  return [
    ...(clusterId ? [{ type: 'Aerospike Cloud cluster', uid: clusterId }] : []),
    ...(peering?.vpcId
      ? [
          {
            type: 'AWS VPC',
            uid: peering.vpcId,
            owner: { account: { uid: peering.accountId, type: 'AWS Account', type_id: 10 } },
          },
        ]
      : []),
  ];
}

export const peeringResource = (id: string | undefined): object[] =>
  id === undefined ? [] : [{ type: 'Aerospike Cloud VPC peering', uid: id }];

/**
 * Records hold no `null`, so the names of claims that the token did not have stand beside the others. `withoutScopes`: the
 * caller's token needed none, which the policy decides by.
 */
function decided({ decision, claims = {}, caller }: RequestFacts) {
  const names = Object.keys(claims);
  const absent = names.filter((name) => claims[name] === null);
  return {
    decision,
    claims: absent.length < names.length ? claims : undefined,
    absentClaims: absent.length > 0 ? absent : undefined,
    withoutScopes: decision !== undefined && caller?.withoutScopes ? true : undefined,
  };
}

function policyOf({ policyVersion, effect }: Decision) {
  const policy = policyNamed(policyVersion, true);
  return { policy, authorizations: [{ decision: effect, policy }] };
}
