// Decides a request by the policy in force. A change that the policy allows becomes an `AuthorizedChange`, which holds exactly
// the request that was decided. There is no other way to create one.
import { GatewayError } from '../errors.ts';
import { decide, isGranted, nothingGranted } from '../policy/engine/decide.ts';
import type { Decision, Question } from '../policy/engine/decision.ts';
import type { Action } from '../policy/engine/policy-data.ts';
import { claimsFor } from '../policy/engine/recorded-claims.ts';
import type { Progress } from './progress.ts';
import type {
  Authenticated,
  Authorized,
  ChangeEvents,
  OperationFacts,
  Parsed,
  RequestTarget,
} from './request.ts';

/** A request that changes something upstream. It contains only validated values. */
export interface ChangeRequest {
  readonly method: 'POST' | 'DELETE';
  /** Below the API's base URL. */
  readonly path: string;
  readonly body?: object | undefined;
  /** Sent as `X-Request-Id`. */
  readonly requestId: string;
}

/** How changes of an operation are authorized and which upstream request they become. */
export interface ChangeRules<Target extends RequestTarget> extends OperationFacts {
  readonly method: 'POST' | 'DELETE';
  readonly eventPrefix: ChangeEvents;
  readonly action: 'create' | 'delete';
  toUpstream(target: Target): Pick<ChangeRequest, 'path' | 'body'>;
}

/** Throws `policy-denied`. With an action of `undefined` a valid token is enough. */
export function authorize<Target extends RequestTarget>(
  action: Action | undefined,
  request: Parsed<Target>,
  progress: Progress,
): Authorized<Target> {
  if (action === undefined) return request as Authorized<Target>;
  const { policy, startedAt, caller, target } = request;
  const { clusterId, peering, existing } = target;
  const { claims, withoutScopes } = caller;
  const question = { claims, withoutScopes, at: startedAt, action, clusterId, peering, existing };
  return refuseDenied({ ...request, decision: decide(policy, question) }, progress);
}

/**
 * Of a caller whose token needs no scope: does any grant name its issuer? Comes before every operation, since some ask the
 * policy nothing else. Throws `policy-denied`.
 */
export function requireGrant(request: Parsed, progress: Progress): void {
  const { policy, caller } = request;
  if (!caller.withoutScopes || isGranted(policy, caller)) return;
  refuseDenied({ ...request, decision: nothingGranted(policy) }, progress);
}

function refuseDenied<Target extends RequestTarget>(
  request: Parsed<Target> & { readonly decision: Decision },
  progress: Progress,
): Authorized<Target> {
  const { policy, caller, decision } = request;
  const decided = progress.advance({ ...request, claims: claimsFor(policy, caller.claims) });
  if (decision.effect === 'allow') return decided as Authorized<Target>;
  const { violations, policyVersion } = decision;
  const contact = policy.contact === undefined ? {} : { contact: policy.contact };
  throw new GatewayError('policy-denied', { context: { violations, policyVersion, ...contact } });
}

/** What the policy says to this caller there. For what an answer may show or name; leaves no record. */
export function decideFor(
  { policy, caller, startedAt }: Pick<Authenticated, 'policy' | 'caller' | 'startedAt'>,
  action: Action,
  where: Pick<Question, 'clusterId' | 'peering' | 'existing'>,
): Decision {
  // The whole caller: whatever the policy looks at is there.
  return decide(policy, { ...caller, at: startedAt, action, ...where });
}

/** A change that the policy allows, together with the request that carries it out. */
export class AuthorizedChange<Target extends RequestTarget = RequestTarget> {
  readonly #request: Authorized<Target>;
  readonly #upstream: ChangeRequest;
  #used = false;

  private constructor(request: Authorized<Target>, upstream: ChangeRequest) {
    this.#request = request;
    this.#upstream = upstream;
  }

  /** Decides about the request's target by the rules of its own operation. Throws `policy-denied`. */
  static authorize<Target extends RequestTarget>(
    rules: ChangeRules<Target>,
    request: Parsed<Target>,
    progress: Progress,
  ): AuthorizedChange<Target> {
    // Its records name this operation: nothing else may be sent.
    if (rules !== request.operation) throw new Error('a change has the rules of another operation');
    const authorized = authorize(rules.action, request, progress);
    const { path, body } = rules.toUpstream(request.target);
    const { requestId } = request;
    return new AuthorizedChange(authorized, { method: rules.method, path, body, requestId });
  }

  get request(): Authorized<Target> {
    return this.#request;
  }

  /** What is to be sent. Throws if it has been taken before: what was authorized once is recorded and sent once. */
  take(): ChangeRequest {
    if (this.#used) throw new Error('an authorized change can be recorded only once');
    this.#used = true;
    return this.#upstream;
  }
}
