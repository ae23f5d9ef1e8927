// What is known of one request while it is served. Each member is set once, by the step that its comment names; what a
// later step needs and does not find is a bug, answered with 500.
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { ListedFacts } from '../audit/event.ts';
import type { ErrorCode } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { RouteMatch } from '../operations/registry.ts';
import type { Policy } from '../policy/compile.ts';
import type { Claims, Decision, PeeringRequest } from '../policy/decision.ts';
import type { Stages } from '../telemetry/stages.ts';
import type { HeldSlot } from './in-flight.ts';

export interface RequestContext {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The gateway's own id: `X-Gateway-Request-Id`, a UUID. */
  readonly gatewayRequestId: string;
  /** What goes upstream as `X-Request-Id`. */
  readonly requestId: string;
  /** An IP address. */
  readonly clientAddress: string;
  readonly route: RouteMatch;
  /** The policy in force when the request came; it decides, whatever is loaded meanwhile. */
  readonly policy: Policy;
  /** The create is to be decided, and not forwarded. */
  readonly dryRun: boolean;
  readonly stages: Stages;
  /** What the answer's header will have, whoever answers: names and values in turn. See `respond`. */
  readonly fields: string[];
  /** `inFlight`: its slot among those being served. Only for steps behind it. */
  slot?: HeldSlot;
  /** `inFlight`: does the answer to this request end its connection, since the gateway stops? */
  isLast?: (request: IncomingMessage) => boolean;
  /** `authenticate`. */
  caller?: Principal;
  /** The pipeline, as soon as each is known to be valid. */
  clusterId?: string;
  peering?: PeeringRequest;
  peeringId?: string;
  waitMs?: number;
  existing?: ListedFacts;
  page?: { readonly limit?: number; readonly offset?: number };
  idempotencyKey?: string;
  decision?: Decision;
  claims?: Claims;
  /** The pipeline: an intent or an outcome stands for this request, so that no refusal must be recorded. */
  recorded?: true;
  /** `renderError`. */
  code?: ErrorCode;
}

const key = Symbol('context');
type WithContext = Response & { [key]: RequestContext };

export const contextOf = (response: Response): RequestContext => (response as WithContext)[key];

export const setContext = (response: Response, context: RequestContext): void => {
  (response as WithContext)[key] = context;
};

/** The verified caller. Only for steps behind `authenticate`. */
export function callerOf(response: Response): Principal {
  const { caller } = contextOf(response);
  if (caller === undefined) throw new Error('a step that needs a caller ran before authentication');
  return caller;
}
