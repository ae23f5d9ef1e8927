// Asks the policy in force about a request. A change that it allows becomes an `AuthorizedChange`: it holds the very
// request that was decided, and cannot be made in any other way.
import { GatewayError } from '../errors.ts';
import { decide } from '../policy/engine/decide.ts';
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

/** A request that changes something upstream, made of validated values only. */
export interface ChangeRequest {
  readonly method: 'POST' | 'DELETE';
  /** Below the API's base URL. */
  readonly path: string;
  readonly body?: object | undefined;
  /** Sent as `X-Request-Id`. */
  readonly requestId: string;
}

/** What an operation states to have its changes authorized: what to ask the policy, and what goes upstream. */
export interface ChangeRules<Target extends RequestTarget> extends OperationFacts {
  readonly method: 'POST' | 'DELETE';
  readonly events: ChangeEvents;
  readonly action: 'create' | 'delete';
  toUpstream(target: Target): Pick<ChangeRequest, 'path' | 'body'>;
}

/** Throws `policy-denied`. An action of `undefined` needs no more than a valid token. */
export function authorize<Target extends RequestTarget>(
  action: Action | undefined,
  request: Parsed<Target>,
  progress: Progress,
): Authorized<Target> {
  if (action === undefined) return request;
  const { policy, startedAt, caller, target } = request;
  const { clusterId, peering, existing } = target;
  const { claims } = caller;
  const decision = decide(policy, { claims, at: startedAt, action, clusterId, peering, existing });
  const decided = progress.advance({ ...request, decision, claims: claimsFor(policy, claims) });
  if (decision.effect === 'allow') return decided;
  const { violations, policyVersion } = decision;
  throw new GatewayError('policy-denied', { context: { violations, policyVersion } });
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

  private constructor(request: Authorized<Target>, upstream: ChangeRequest) {
    this.#request = request;
    this.#upstream = upstream;
  }

  /** Asks the policy about this target and no other. Throws `policy-denied`. */
  static authorize<Target extends RequestTarget>(
    rules: ChangeRules<Target>,
    request: Parsed<Target>,
    progress: Progress,
  ): AuthorizedChange<Target> {
    const authorized = authorize(rules.action, request, progress);
    const { path, body } = rules.toUpstream(request.target);
    const { requestId } = request;
    return new AuthorizedChange(authorized, { method: rules.method, path, body, requestId });
  }

  get request(): Authorized<Target> {
    return this.#request;
  }

  get upstream(): ChangeRequest {
    return this.#upstream;
  }
}
