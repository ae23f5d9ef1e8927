// One request as an immutable value that gains information stage by stage:
// `Received → Authenticated → Parsed → Authorized`. It does not depend on sockets or Express.
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../identity/principal.ts';
import type { Policy } from '../policy/engine/compile.ts';
import type { Claims, Decision, PeeringRequest } from '../policy/engine/decision.ts';
import type { Stages } from '../telemetry/stages.ts';
import type { Span } from '../telemetry/tracer.ts';

/** Audit events of a change: each has a refusal, an intent and an outcome. */
export type ChangeEvents = 'peering.create' | 'peering.delete';
/** Audit events of an operation that reads: each has a refusal and an outcome. */
export type ReadEvents = 'peering.list' | 'cluster.read' | 'fleet.list' | 'policy.read';

/** An operation as log lines, audit records and metrics describe it. */
export interface OperationFacts {
  /** The vendor's operationId. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The route's template, never the caller's path. */
  readonly route: string;
  readonly eventPrefix: ChangeEvents | ReadEvents;
}

/** Account, region, VPC and block of a listed peering. Only values of AWS's exact form. */
export type ListedPlace = Pick<PeeringRequest, 'accountId' | 'region'> & {
  readonly [Member in 'vpcId' | 'cidrBlock']?: string | undefined;
} & {
  /** The caller created it. `undefined`: the policy did not ask. */
  readonly isOwn?: boolean | undefined;
};

/** The subject of a request. Every member is validated. */
export interface RequestTarget {
  readonly clusterId?: string | undefined;
  /** The five values of a create. */
  readonly peering?: PeeringRequest | undefined;
  /** The vendor's id of the peering that the path names. */
  readonly peeringId?: string | undefined;
  /** That peering, as the upstream lists it. */
  readonly existing?: ListedPlace | undefined;
  readonly page?: { readonly limit?: number; readonly offset?: number } | undefined;
  /** How long the caller waits for the peering to become active, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** What of the fleet the caller wants to see. */
  readonly filter?:
    | { readonly finding?: string | undefined; readonly status?: string | undefined }
    | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** A caller as records name it. */
export type RecordedCaller = Pick<Principal, 'issuer' | 'subject' | 'clientId' | 'tokenId'> &
  Partial<Pick<Principal, 'withoutScopes'>>;

/** The request's span as records name it. */
export type RecordedTrace = Pick<Span, 'traceId' | 'spanId' | 'startedAt'>;

/** Everything about a request that an audit record may contain, as far as it is known. */
export interface RequestFacts {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The gateway's own id: `X-Gateway-Request-Id`, a UUID. */
  readonly gatewayRequestId: string;
  /** The `X-Request-Id` that is sent upstream. */
  readonly requestId: string;
  /** An IP address. */
  readonly clientAddress: string;
  readonly operation: OperationFacts;
  readonly caller?: RecordedCaller | undefined;
  readonly target?: RequestTarget | undefined;
  readonly decision?: Decision | undefined;
  /** The claims that the policy uses, bounded. `policy replay` decides by them. */
  readonly claims?: Claims | undefined;
  readonly dryRun?: boolean | undefined;
  /** The request's span, if traces are on. */
  readonly trace?: RecordedTrace | undefined;
}

/** The parts of a request, not checked yet. */
interface RawParts {
  /** Path segments by name, not decoded. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as Node gives them. */
  readonly rawHeaders: readonly string[];
  /** The one of these media types that the caller prefers (RFC 9110 section 12.5.1). */
  accepts(types: string[]): string | false;
  /** Reads the body. Rejects with a `GatewayError`. */
  readBody(): Promise<Buffer>;
}

/** The request's slot among those in flight (`MAX_IN_FLIGHT`). */
interface Slot {
  /** Counts the request among those that may wait for the upstream. Throws `overloaded`. */
  enterUpstream(): void;
  /** From now on the request only waits, and does not count as in flight. */
  park(): void;
}

/** The caller's connection, for requests that wait. */
interface CallerConnection {
  readonly closed: boolean;
  /** Calls back once when the caller hangs up. */
  onClose(listener: () => void): void;
}

export interface Received extends RequestFacts {
  readonly raw: RawParts;
  readonly dryRun: boolean;
  /** The policy in force when the request arrived. It decides the request even after a reload. */
  readonly policy: Policy;
  readonly stages: Stages;
  readonly slot: Slot;
  readonly connection: CallerConnection;
  /** Header fields of the caller's rate limit: names and values in turn. `undefined` until the request was counted. */
  readonly rateLimitHeaders?: readonly string[] | undefined;
}

export interface Authenticated extends Received {
  readonly caller: Principal;
}

/** The names of checks. No value has these members: a type with one says that the check was made. */
declare const hasScope: unique symbol;
declare const isAllowed: unique symbol;

/** The token has the operation's scope. Only `requireScope` makes one. */
export interface Scoped extends Authenticated {
  readonly [hasScope]: true;
}

export interface Parsed<Target extends RequestTarget = RequestTarget> extends Scoped {
  readonly target: Target;
}

/** Allowed by the policy. Only `authorize` makes one. To send a change, an `AuthorizedChange` must be recorded. */
export interface Authorized<Target extends RequestTarget = RequestTarget> extends Parsed<Target> {
  readonly [isAllowed]: true;
}
