// The events of a request. Built member by member from validated values; nothing gets into a record that is not named
// here, so no token, secret or header can.
import { type ErrorCode, errorRules, type Sent } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { Claims, Decision, PeeringRequest } from '../policy/decision.ts';
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

/** What a record says of a verified caller. */
export type RecordedCaller = Pick<Principal, 'issuer' | 'subject' | 'clientId' | 'tokenId'>;

/** A peering as the upstream lists it, as far as it says. */
export type ListedFacts = Pick<PeeringRequest, 'accountId' | 'region'> & {
  readonly [Member in 'vpcId' | 'cidrBlock']?: string | undefined;
};

/** The facts of one request as far as they are known when the record is made. */
export interface RequestFacts {
  readonly startedAt: number;
  readonly gatewayRequestId: string;
  /** The `X-Request-Id` that is sent upstream. */
  readonly requestId: string;
  readonly clientAddress: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The route's template, never the caller's path. */
  readonly route: string;
  /** The vendor's operationId. */
  readonly operation: string;
  readonly caller?: RecordedCaller | undefined;
  readonly clusterId?: string | undefined;
  readonly peering?: PeeringRequest | undefined;
  /** The vendor's id of the peering that the path names. */
  readonly peeringId?: string | undefined;
  /** What the upstream's list says of it. */
  readonly existing?: ListedFacts | undefined;
  readonly page?: { readonly limit?: number; readonly offset?: number } | undefined;
  readonly decision?: Decision | undefined;
  /** The claims that the policy asked for, bounded: what it takes to decide the request again. */
  readonly claims?: Claims | undefined;
  readonly dryRun?: boolean | undefined;
  /** The request's span, when traces are on. */
  readonly trace?: RecordedTrace | undefined;
}

/** Ids as W3C Trace Context has them; `startedAt` in milliseconds since the epoch. */
export interface RecordedTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt: number;
}

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

const activities = { POST: 1, GET: 2, DELETE: 4 } as const;

/** The gateway said no. `receivedStatus` is what Aerospike Cloud said to the look before it, if it came to one. */
export function refusedEvent(
  code: EventCode,
  facts: RequestFacts,
  error: { code: ErrorCode; detail: string; receivedStatus?: number | undefined },
  now: number,
) {
  const { receivedStatus } = error;
  const event = requestEvent(code, facts, now, severity.low);
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
  code: EventCode,
  facts: RequestFacts,
  { status, requestId }: { status: number; requestId?: string | undefined },
  now: number,
) {
  const event = requestEvent(code, facts, now, severity.low);
  const detail = `Aerospike Cloud answered ${status} to the look ${looks[facts.method]}.`;
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
  code: EventCode,
  facts: RequestFacts,
  { status, first, resourceId }: { status: number; first: string; resourceId?: string | undefined },
  now: number,
) {
  const event = requestEvent(code, facts, now, severity.informational);
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

/** Approved, not yet sent. */
export function intentEvent(code: EventCode, facts: RequestFacts, now: number) {
  return {
    ...requestEvent(code, facts, now, severity.informational),
    ...allowedAction,
    status_id: 99,
    status: 'Approved',
    unmapped: defined(decided(facts)),
  };
}

/** A dry run that would have been forwarded; nothing was. */
export function dryRunEvent(facts: RequestFacts, now: number) {
  return {
    ...requestEvent('peering.create.dryrun', facts, now, severity.informational),
    ...allowedAction,
    ...statusOf(1, 'dry-run', 'A dry run: the create would have been forwarded.'),
    http_response: { code: 200 },
    unmapped: defined({ ...decided(facts), upstream: { sent: 'no' } }),
  };
}

/** Settled, or not to be known (`status_id` 0: it may have reached the upstream). */
export function outcomeEvent(code: EventCode, facts: RequestFacts, outcome: Outcome, now: number) {
  const { status, error, sent, upstream } = outcome;
  const ok = error === undefined && status < 400;
  const statusId = ok ? 1 : settled(facts.method, outcome) ? 2 : 0;
  const event = requestEvent(code, facts, now, ok ? severity.informational : severity.medium);
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

/** What a look at the upstream's list said about a create whose end nobody knew. */
export type Settlement =
  /** The vendor's `id` and status of the peering that was found. */
  | { readonly found: true; readonly resourceId: string; readonly peeringStatus?: string | undefined }
  | { readonly found: false }
  /** The vendor's ids of peerings that this create or another one with the same values made: which, nobody can know. */
  | { readonly found?: undefined; readonly ambiguous: readonly string[] };

/** So many are named at most, so that no record gets too long. */
const mostAmbiguous = 20;

/** A create whose intent was left open is settled, or cannot be (`status_id` 0). */
export function reconciledEvent(facts: RequestFacts, settlement: Settlement, now: number) {
  // The intent holds the decision; read back from a log it would not be whole.
  // Its span has long ended.
  const undecided = { ...facts, decision: undefined, trace: undefined };
  const event = requestEvent('peering.create.reconciled', undecided, now, severity.informational);
  return {
    ...event,
    ...allowedAction,
    ...settledStatus(settlement),
    resources: [...event.resources, ...peeringResource(settlement.found ? settlement.resourceId : undefined)],
    unmapped: {
      reconciled:
        settlement.found === undefined
          ? { ambiguous: settlement.ambiguous.slice(0, mostAmbiguous) }
          : defined(settlement),
    },
  };
}

function settledStatus({ found }: Settlement) {
  if (found === undefined) {
    const detail =
      'Aerospike Cloud lists a peering that this create or another one with the same values made; which of them did cannot be known.';
    return statusOf(0, 'attribution-ambiguous', detail);
  }
  if (found)
    return statusOf(1, 'peering-found', 'Aerospike Cloud lists the peering: the create was carried out.');
  const detail =
    'Aerospike Cloud lists no such peering: if the create was carried out, nothing is left of it.';
  return statusOf(2, 'peering-absent', detail);
}

/**
 * Is it certain that a failed request changed nothing upstream? A read never does; a change did not when it was not sent or
 * was refused with a 4xx. After a 5xx, a broken answer or none, nobody can know (RFC 9110 section 9.2.2).
 */
function settled(method: RequestFacts['method'], { sent, error, upstream }: Outcome): boolean {
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

function requestEvent(code: EventCode, facts: RequestFacts, now: number, severityId: number) {
  const { caller, clusterId, peering, peeringId, existing, page, decision } = facts;
  return {
    ...header(code, facts.startedAt, now, activities[facts.method], severityId, traced(facts.trace, now)),
    actor: actorOf(caller),
    api: {
      operation: facts.operation,
      service: { name: 'Aerospike Cloud' },
      request: {
        uid: facts.gatewayRequestId,
        ...(clusterId ? { data: defined({ clusterId, peeringId, ...existing, ...peering, ...page }) } : {}),
      },
      ...(caller?.tokenId === undefined ? {} : { token: { uid: caller.tokenId } }),
    },
    http_request: { http_method: facts.method, uid: facts.requestId, url: { path: facts.route } },
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
  peering: PeeringRequest | ListedFacts | undefined,
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

const peeringResource = (id: string | undefined): object[] =>
  id === undefined ? [] : [{ type: 'Aerospike Cloud VPC peering', uid: id }];

const decided = ({ decision, claims }: RequestFacts) => ({ decision, claims });

function policyOf({ policyVersion, effect }: Decision) {
  const policy = policyNamed(policyVersion, true);
  return { policy, authorizations: [{ decision: effect, policy }] };
}
