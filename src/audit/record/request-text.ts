// The members of a request's event in canonical form (RFC 8785). Constant text and known names are written as they are; only
// values are serialized. Nothing gets into a record that is not named here, so no token, secret or header can.
import type { Decision } from '../../policy/engine/decision.ts';
import type { RecordedCaller, RecordedTrace, RequestFacts, RequestTarget } from '../../request/request.ts';
import { canonicalJson, recordedText } from './canonical-json.ts';
import { type AuditEvent, activityNames, type EventCode, severityNames, statusNames } from './event-form.ts';

/** What the gateway did about the request (OCSF, profile security_control). */
type EventAction = keyof typeof actions;

const actions = {
  allowed: {
    first: '"action":"Allowed","action_id":1,',
    second: '"disposition":"Allowed","disposition_id":1,',
  },
  denied: {
    first: '"action":"Denied","action_id":2,',
    second: '"disposition":"Blocked","disposition_id":2,',
  },
  observed: {
    first: '"action":"Observed","action_id":3,',
    second: '"disposition":"Blocked","disposition_id":2,',
  },
} as const;

/** What differs between the events of one request. */
interface RequestEvent {
  readonly phase: 'refused' | 'intent' | 'outcome' | 'dryrun' | 'reconciled';
  readonly action: EventAction;
  readonly severityId: 1 | 2 | 3;
  readonly status: EventStatus;
  /** The status of Aerospike Cloud's answer. */
  readonly answered?: number | undefined;
  /** The status of the answer to the caller, and the `X-Request-Id` of Aerospike Cloud's answer. */
  readonly response?: { readonly code: number; readonly requestId?: string | undefined };
  /** The vendor's id of the peering that was created. */
  readonly createdId?: string | undefined;
  readonly unmapped: UnmappedMembers;
}

export interface EventStatus {
  readonly id: keyof typeof statusNames;
  readonly code?: string;
  readonly detail?: string;
}

/** Members of `unmapped` besides those of the decision. */
interface UnmappedMembers {
  readonly reconciled?: object;
  readonly replayed?: object;
  readonly upstream?: {
    readonly sent: 'yes' | 'no' | 'maybe';
    readonly status?: number | undefined;
    readonly requestId?: string | undefined;
    readonly resourceId?: string | undefined;
  };
}

const activities = { POST: 1, GET: 2, DELETE: 4 } as const;

export function requestEvent(facts: RequestFacts, event: RequestEvent, now: number): AuditEvent {
  const { operation, startedAt, caller, decision, trace } = facts;
  const { phase, severityId, response } = event;
  const { method, eventPrefix } = operation;
  const action = actions[event.action];
  const activityId = activities[method];
  const policy = decision === undefined ? undefined : policyText(decision.policyVersion);
  return {
    code: `${eventPrefix}.${phase}` as EventCode,
    typeUid: 600_300 + activityId,
    time: now,
    traced: trace !== undefined,
    first:
      `${action.first}"activity_id":${activityId},"activity_name":"${activityNames[activityId]}",` +
      `"actor":${actorText(caller)},"api":${apiText(facts, event.answered)},`,
    second:
      `${policy === undefined ? '' : `"authorizations":[{"decision":"${decision?.effect}","policy":${policy}}],`}` +
      '"category_name":"Application Activity","category_uid":6,"class_name":"API Activity","class_uid":6003,' +
      `${action.second}"duration":${Math.max(0, now - startedAt)},"http_request":{"http_method":"${method}",` +
      `"uid":${recordedText(facts.requestId)},"url":{"path":${recordedText(operation.route)}}},` +
      `${response === undefined ? '' : `"http_response":${responseText(response)},`}`,
    third:
      `${policy === undefined ? '' : `,"policy":${policy}`},"resources":${resourcesText(facts, event.createdId)},` +
      `"severity":"${severityNames[severityId]}","severity_id":${severityId},` +
      `"src_endpoint":{"ip":${recordedText(facts.clientAddress)}},"start_time":${startedAt},` +
      `${statusText(event.status)},"time":${now},${trace === undefined ? '' : `"trace":${traceText(trace, now)},`}` +
      `"type_uid":${600_300 + activityId},"unmapped":${unmappedText(facts, event.unmapped)}`,
  };
}

/** A member with its comma; nothing for a value that is not known. */
const member = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `"${name}":${recordedText(value)},`;

/** Of values by their names, which are in canonical order. Values that are not known are left out. */
function membersOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  let text = '';
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}"${name}":${typeof value === 'string' ? recordedText(value) : value}`;
  }
  return text;
}

/** The object of these members, of which some may be empty. */
function objectOf(members: readonly string[]): string {
  let text = '';
  for (const one of members) if (one !== '') text += text === '' ? one : `,${one}`;
  return `{${text}}`;
}

const policyText = (version: string): string =>
  `{"is_applied":true,"name":"peering policy","uid":"${version}","version":"${version}"}`;

/** Without a verified token nobody is known: what an unverified one claims is not evidence. */
function actorText(caller: RecordedCaller | undefined): string {
  if (caller === undefined) return '{"user":{"name":"unverified","type":"Unknown","type_id":0}}';
  const issuer = recordedText(caller.issuer);
  return (
    `{${member('app_uid', caller.clientId)}"idp":{"name":${issuer}},` +
    `"session":{${member('credential_uid', caller.tokenId)}"issuer":${issuer}},` +
    `"user":{"type":"Service","type_id":4,"uid":${recordedText(caller.subject)}}}`
  );
}

function apiText({ operation, target, gatewayRequestId, caller }: RequestFacts, answered?: number): string {
  const data = target === undefined ? '' : targetMembers(target);
  // The gateway answers this operation itself.
  const service = operation.eventPrefix === 'policy.read' ? 'peergate' : 'Aerospike Cloud';
  const token = caller?.tokenId === undefined ? '' : `,"token":{"uid":${recordedText(caller.tokenId)}}`;
  return (
    `{"operation":${recordedText(operation.id)},"request":{${data === '' ? '' : `"data":{${data}},`}` +
    `"uid":${recordedText(gatewayRequestId)}},` +
    `${answered === undefined ? '' : `"response":{"code":${answered}},`}"service":{"name":"${service}"}${token}}`
  );
}

function targetMembers({ clusterId, peering, peeringId, existing, page, filter }: RequestTarget): string {
  const { accountId, cidrBlock, region, vpcId } = peering ?? existing ?? {};
  return membersOf({
    accountId,
    cidrBlock,
    clusterId,
    finding: filter?.finding,
    isOwn: existing?.isOwn,
    isSecureConnection: peering?.isSecureConnection,
    limit: page?.limit,
    offset: page?.offset,
    peeringId,
    region,
    status: filter?.status,
    vpcId,
  });
}

function responseText({ code, requestId }: { code: number; requestId?: string | undefined }): string {
  if (requestId === undefined) return `{"code":${code}}`;
  return `{"code":${code},"http_headers":[{"name":"X-Request-Id","value":${recordedText(requestId)}}]}`;
}

function resourcesText({ target = {} }: RequestFacts, createdId: string | undefined): string {
  const { clusterId, peeringId, peering, existing } = target;
  const { vpcId, accountId } = peering ?? existing ?? {};
  const cluster = clusterId && `{"type":"Aerospike Cloud cluster","uid":${recordedText(clusterId)}},`;
  const vpc =
    vpcId &&
    `{"owner":{"account":{"type":"AWS Account","type_id":10${accountId === undefined ? '' : `,"uid":${recordedText(accountId)}`}}},` +
      `"type":"AWS VPC","uid":${recordedText(vpcId)}},`;
  const all = `${cluster ?? ''}${vpc ?? ''}${peeringText(peeringId)}${peeringText(createdId)}`;
  return `[${all.slice(0, -1)}]`;
}

const peeringText = (id: string | undefined): string =>
  id === undefined ? '' : `{"type":"Aerospike Cloud VPC peering","uid":${recordedText(id)}},`;

function statusText({ id, code, detail }: EventStatus): string {
  const name = `"status":"${statusNames[id]}"`;
  if (code === undefined) return `${name},"status_id":${id}`;
  return `${name},"status_code":${recordedText(code)},"status_detail":${recordedText(detail ?? '')},"status_id":${id}`;
}

/** OCSF's trace profile. The span has not ended when its record is made: it is as long as it was then. */
const traceText = ({ traceId, spanId, startedAt }: RecordedTrace, now: number): string =>
  `{"span":{"end_time":${Math.max(startedAt, now)},"start_time":${startedAt},"uid":"${spanId}"},"uid":"${traceId}"}`;

/**
 * Records hold no `null`, so the names of claims that the token did not have stand beside the others. `withoutScopes`: the
 * caller's token needed none, which the policy decides by.
 */
function unmappedText({ decision, claims, caller }: RequestFacts, more: UnmappedMembers): string {
  const names = claims === undefined ? [] : Object.keys(claims);
  const absent = names.filter((name) => claims?.[name] === null);
  const { reconciled, replayed, upstream } = more;
  return objectOf([
    absent.length > 0 ? `"absentClaims":${canonicalJson(absent, recordedText)}` : '',
    absent.length < names.length ? `"claims":${canonicalJson(claims, recordedText)}` : '',
    decision === undefined ? '' : `"decision":${decisionText(decision)}`,
    reconciled === undefined ? '' : `"reconciled":${canonicalJson(reconciled, recordedText)}`,
    replayed === undefined ? '' : `"replayed":${canonicalJson(replayed, recordedText)}`,
    upstream === undefined ? '' : `"upstream":${upstreamText(upstream)}`,
    decision !== undefined && caller?.withoutScopes ? '"withoutScopes":true' : '',
  ]);
}

function decisionText(decision: Decision): string {
  const { effect, policyVersion, mode, grant, accountsFromClaim, exceptions, violations } = decision;
  return (
    `{${member('accountsFromClaim', accountsFromClaim)}"effect":"${effect}",` +
    `"exceptions":${listText(exceptions)},${member('grant', grant ?? undefined)}"mode":"${mode}",` +
    `"policyVersion":"${policyVersion}","violations":${listText(violations)}}`
  );
}

const listText = (values: readonly unknown[]): string =>
  values.length === 0 ? '[]' : canonicalJson(values, recordedText);

const upstreamText = ({
  requestId,
  resourceId,
  sent,
  status,
}: Required<UnmappedMembers>['upstream']): string =>
  `{${membersOf({ requestId, resourceId, sent, status })}}`;
