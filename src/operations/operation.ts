// What an operation is: one method on one route of the upstream, with the scope it needs and the way from a caller's
// request to the one that goes upstream. Operations differ in this and in nothing else.
import type { EventCode } from '../audit/event-form.ts';
import type { InvalidField } from '../errors.ts';
import type { PeeringRequest } from '../policy/decision.ts';
import type { Action } from '../policy/policy-data.ts';
import type { UpstreamRequest } from '../upstream/client.ts';

/** A caller's request before anything of it has been checked. */
export interface RawRequest {
  /** The path segment as it stood in the request line, not decoded. */
  readonly clusterId: string;
  /** Likewise, where the route has one. */
  readonly peeringId?: string | undefined;
  readonly query: URLSearchParams;
  /** The JSON value of the body; `undefined` for an operation that reads none. */
  readonly body: unknown;
}

/** A request whose every part is valid. */
export interface ParsedRequest {
  readonly clusterId: string;
  readonly peering?: PeeringRequest;
  /** As it stood in the path. */
  readonly peeringId?: string;
  /** How long the caller is ready to wait for the peering to become active, in milliseconds. */
  readonly waitMs?: number;
  readonly page?: { readonly limit?: number; readonly offset?: number };
}

/** Everything that is wrong with a request, in the vendor's form (`ValidationErrorContext`). */
export interface RequestFaults {
  readonly missing: readonly string[];
  readonly invalid: readonly InvalidField[];
}

export interface Operation {
  /** What the policy calls it. */
  readonly action: Action;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The route below `BASE_PATH`, with `{clusterId}` and perhaps `{peeringId}` in it. */
  readonly route: string;
  /** The vendor's operationId. */
  readonly id: string;
  /** The scope that a token must carry. */
  readonly scope: string;
  readonly readsBody: boolean;
  /** The way that it goes behind its decision. */
  readonly kind: 'create' | 'list' | 'get' | 'delete';
  readonly events: {
    readonly refused: EventCode;
    /** Only for an operation that changes something. */
    readonly intent?: EventCode;
    readonly outcome: EventCode;
  };
  parse(raw: RawRequest): ParsedRequest | RequestFaults;
  toUpstream(parsed: ParsedRequest, requestId: string): UpstreamRequest;
}
