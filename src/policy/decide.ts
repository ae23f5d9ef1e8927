// The decision on a create: pure and total. Whatever is asked, the answer is a decision; anything that cannot be shown
// to be allowed is denied.
import { isIpv4Fault, parseIpv4Network } from '../net/ipv4.ts';
import type { Decision, PeeringRequest } from './decision.ts';
import type { PolicyDocument } from './document.ts';
import { type CheckGuardrails, compileGuardrails } from './guardrails.ts';

/** A policy made ready to decide by. */
export interface Policy {
  readonly organization: string;
  /** SHA-256 of the file's bytes, lower-case hex. */
  readonly version: string;
  readonly mode: 'enforce';
  readonly guardrails: CheckGuardrails;
}

export const compilePolicy = (document: PolicyDocument, version: string): Policy =>
  Object.freeze({
    organization: document.organization,
    version,
    mode: document.mode,
    guardrails: compileGuardrails(document.guardrails),
  });

/** Decides one create and names every violation at once. Never throws. */
export function decide(policy: Policy, request: PeeringRequest): Decision {
  const block = parseIpv4Network(request.cidrBlock);
  const violations = isIpv4Fault(block)
    ? [
        {
          code: 'cidr_not_allowed' as const,
          field: '/cidrBlock',
          rule: 'guardrails',
          description: `The block ${block.fault}.`,
          allowed: [],
        },
      ]
    : policy.guardrails(request, block);
  return {
    effect: violations.length === 0 ? 'allow' : 'deny',
    policyVersion: policy.version,
    mode: policy.mode,
    violations,
  };
}
