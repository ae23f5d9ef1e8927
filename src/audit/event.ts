// The audit event: an OCSF 1.8 API Activity (class 6003) with the security_control profile. Built member by member from
// validated values; nothing gets into a record that is not named here, so no token, secret or header can.
import { type ErrorCode, errorRules, type Sent } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { Claims, Decision, PeeringRequest } from '../policy/decision.ts';
import type { PolicyFault } from '../policy/policy-data.ts';

/** `metadata.event_code` (interface, section 5). */
export type EventCode =
  | 'peering.create.refused'
  | 'peering.create.intent'
  | 'peering.create.outcome'
  | 'peering.create.dryrun'
  | 'peering.list.refused'
  | 'peering.list.outcome'
  | 'policy.loaded'
  | 'policy.rejected';

/** The facts of one request as far as they are known when the record is made. */
export interface RequestFacts {
  readonly startedAt: number;
  readonly gatewayRequestId: string;
  /** The `X-Request-Id` that is sent upstream. */
  readonly requestId: string;
  readonly clientAddress: string;
  readonly method: 'GET' | 'POST';
  /** The route's template, never the caller's path. */
  readonly route: string;
  /** The vendor's operationId. */
  readonly operation: string;
  readonly caller?: Principal | undefined;
  readonly clusterId?: string | undefined;
  readonly peering?: PeeringRequest | undefined;
  readonly page?: { readonly limit?: number; readonly offset?: number } | undefined;
  readonly decision?: Decision | undefined;
  /** The claims that the policy asked for, bounded: what it takes to decide the request again. */
  readonly claims?: Claims | undefined;
  readonly dryRun?: boolean | undefined;
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

/** An event that has no place in the chain yet. */
export type AuditEvent = Readonly<Record<string, unknown>>;

const activities = { POST: 1, GET: 2 } as const;
const severity = { informational: 1, low: 2, medium: 3 } as const;
const allowedAction = { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' };
const observedAction = { action_id: 3, action: 'Observed', disposition_id: 2, disposition: 'Blocked' };
const deniedAction = { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' };

/** The gateway said no. */
export function refusedEvent(
  code: EventCode,
  facts: RequestFacts,
  error: { code: ErrorCode; detail: string },
  now: number,
) {
  const { status } = errorRules[error.code];
  return {
    ...requestEvent(code, facts, now, severity.low),
    ...(facts.dryRun ? observedAction : deniedAction),
    ...statusOf(2, error.code, error.detail),
    http_response: { code: status },
    unmapped: defined({ ...decided(facts), upstream: { sent: 'no' } }),
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
  const peeringId = upstream?.resourceId;
  return {
    ...event,
    ...allowedAction,
    ...statusOf(
      statusId,
      error?.code ?? 'upstream-answered',
      error?.detail ?? `Aerospike Cloud answered ${status}.`,
    ),
    api: { ...event.api, ...(upstream ? { response: { code: upstream.status } } : {}) },
    resources: [
      ...event.resources,
      ...(peeringId ? [{ type: 'Aerospike Cloud VPC peering', uid: peeringId }] : []),
    ],
    http_response: {
      code: status,
      ...(upstream?.requestId ? { http_headers: [{ name: 'X-Request-Id', value: upstream.requestId }] } : {}),
    },
    unmapped: defined({ ...decided(facts), upstream: defined({ sent, ...upstream }) }),
  };
}

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

const policyEvent = (code: EventCode, instance: string, now: number, severityId: number) => ({
  ...header(code, now, now, 3, severityId),
  actor: { app_name: 'peergate' },
  api: { operation: 'policy.load', service: { name: 'peergate' } },
  src_endpoint: { name: instance },
});

const policyNamed = (version: string, applied: boolean) => ({
  name: 'peering policy',
  uid: version,
  version,
  is_applied: applied,
});

/**
 * Is it certain that a failed request changed nothing upstream? A read never does; a create did not when it was not sent
 * or was refused with a 4xx. After a 5xx, a broken answer or none, nobody can know (RFC 9110 section 9.2.2).
 */
function settled(method: RequestFacts['method'], { sent, error, upstream }: Outcome): boolean {
  if (method === 'GET' || sent === 'no' || error?.code === 'credential-refused') return true;
  return error === undefined && upstream !== undefined && upstream.status < 500;
}

function requestEvent(code: EventCode, facts: RequestFacts, now: number, severityId: number) {
  const { caller, clusterId, peering, page, decision } = facts;
  return {
    ...header(code, facts.startedAt, now, activities[facts.method], severityId),
    actor: actorOf(caller),
    api: {
      operation: facts.operation,
      service: { name: 'Aerospike Cloud' },
      request: {
        uid: facts.gatewayRequestId,
        ...(clusterId ? { data: { clusterId, ...peering, ...page } } : {}),
      },
      ...(caller?.tokenId === undefined ? {} : { token: { uid: caller.tokenId } }),
    },
    http_request: { http_method: facts.method, uid: facts.requestId, url: { path: facts.route } },
    src_endpoint: { ip: facts.clientAddress },
    resources: resourcesOf(clusterId, peering),
    ...(decision ? policyOf(decision) : {}),
  };
}

function header(code: EventCode, startedAt: number, now: number, activityId: 1 | 2 | 3, severityId: number) {
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    activity_id: activityId,
    activity_name: ['', 'Create', 'Read', 'Update'][activityId],
    type_uid: 600300 + activityId,
    severity_id: severityId,
    severity: ['', 'Informational', 'Low', 'Medium'][severityId],
    time: now,
    start_time: startedAt,
    duration: Math.max(0, now - startedAt),
    metadata: { event_code: code },
  };
}

/** Without a verified token nobody is known: what an unverified one claims is not evidence. */
function actorOf(caller: Principal | undefined) {
  if (caller === undefined) return { user: { name: 'unverified', type_id: 0, type: 'Unknown' } };
  return {
    user: { uid: caller.subject, type_id: 4, type: 'Service' },
    idp: { name: caller.issuer },
    session: defined({ issuer: caller.issuer, credential_uid: caller.tokenId }),
    ...(caller.clientId === undefined ? {} : { app_uid: caller.clientId }),
  };
}

function resourcesOf(clusterId: string | undefined, peering: PeeringRequest | undefined): object[] {
  return [
    ...(clusterId ? [{ type: 'Aerospike Cloud cluster', uid: clusterId }] : []),
    ...(peering
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

const decided = ({ decision, claims }: RequestFacts) => ({ decision, claims });

function policyOf({ policyVersion, effect }: Decision) {
  const policy = policyNamed(policyVersion, true);
  return { policy, authorizations: [{ decision: effect, policy }] };
}

const statusOf = (id: 0 | 1 | 2, code: string, detail: string) => ({
  status_id: id,
  status: ['Unknown', 'Success', 'Failure'][id],
  status_code: code,
  status_detail: detail,
});

/** Leaves out what is not known: a record holds no `null` that an auditor could take for a value. */
function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}
