// Writes the one audit record of a refusal before its answer goes out, once a token was presented. When the record cannot
// be written the caller learns just that: a refusal that nobody can prove is not given.
import type { ErrorRequestHandler, Response } from 'express';
import type { AuditTrail } from '../audit/log/trail.ts';
import { type RequestFacts, refusedEvent } from '../audit/record/request-events.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';
import { contextOf } from './request-context.ts';
import { toGatewayError } from './respond/render-error.ts';

/** Only logged (interface, section 5). */
const onlyLogged: readonly ErrorCode[] = ['token-missing', 'rate-limited', 'overloaded'];

export const recordRefusal =
  (trail: AuditTrail, clock: Clock): ErrorRequestHandler =>
  async (thrown: unknown, request, response, next) => {
    const error = toGatewayError(thrown);
    const { route, recorded } = contextOf(response);
    const presented = request.headers.authorization !== undefined;
    if (
      route.kind === 'operation' &&
      presented &&
      recorded === undefined &&
      !onlyLogged.includes(error.code)
    ) {
      const { operation } = route;
      const facts = factsOf(response, operation);
      await trail.record(refusedEvent(operation.events.refused, facts, error, clock.now()));
    }
    next(error);
  };

/** What is known of the request so far, as the audit records want it. */
export function factsOf(response: Response, operation: Operation): RequestFacts {
  const { startedAt, gatewayRequestId, requestId, clientAddress, ...known } = contextOf(response);
  const { caller, clusterId, peering, peeringId, existing, page, decision, claims, dryRun, stages } = known;
  return {
    startedAt,
    gatewayRequestId,
    requestId,
    clientAddress,
    method: operation.method,
    route: operation.route,
    operation: operation.id,
    caller,
    clusterId,
    peering,
    peeringId,
    existing,
    page,
    decision,
    claims,
    dryRun,
    trace: stages.span,
  };
}
