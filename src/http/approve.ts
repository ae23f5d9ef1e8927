// Asks the policy in force about a request, and makes of one that it allows the request that goes upstream. What it decided
// stands in the context, for the record.
import type { Response } from 'express';
import { GatewayError } from '../errors.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { decide } from '../policy/engine/decide.ts';
import type { Question } from '../policy/engine/decision.ts';
import { claimsFor } from '../policy/engine/recorded-claims.ts';
import type { UpstreamRequest } from '../upstream/client.ts';
import { callerOf, contextOf } from './request-context.ts';

/** `existing`: where the peering lies that a delete is about, once it is known. Throws `policy-denied`. */
export function approve(
  operation: Operation,
  parsed: ParsedRequest,
  response: Response,
  existing?: Question['existing'],
): UpstreamRequest {
  const context = contextOf(response);
  const { policy, startedAt } = context;
  const { claims } = callerOf(response);
  const { clusterId, peering } = parsed;
  const { action } = operation;
  const decision = decide(policy, { claims, at: startedAt, action, clusterId, peering, existing });
  context.decision = decision;
  const recorded = claimsFor(policy, claims);
  if (recorded !== undefined) context.claims = recorded;
  if (decision.effect !== 'allow') {
    const { violations, policyVersion } = decision;
    throw new GatewayError('policy-denied', { context: { violations, policyVersion } });
  }
  return operation.toUpstream(parsed, context.requestId);
}
