// What every rule that concerns a caller says to a request: the decision, and all that it was made from. Pure.
import { isIpv4Fault, parseIpv4Network } from '../../net/ipv4.ts';
import type { Policy } from './compile.ts';
import { checkGrant, decide } from './decide.ts';
import type { Decision, Question, Violation } from './decision.ts';
import { checkLimits } from './limits.ts';

export interface RuleOpinion {
  readonly rule: string;
  readonly violations: readonly Violation[];
  /** The exceptions without which there would be more. */
  readonly exceptions: readonly string[];
}

export interface Explanation {
  readonly decision: Decision;
  /** The guardrails, then every grant of the caller. */
  readonly opinions: readonly RuleOpinion[];
  readonly exceptions: readonly { readonly id: string; readonly expires: number; readonly active: boolean }[];
  /** `undefined`: the policy has no grants. */
  readonly grants: readonly string[] | undefined;
}

export function explain(policy: Policy, question: Question): Explanation {
  const parsed = question.peering && parseIpv4Network(question.peering.cidrBlock);
  const block = parsed === undefined || isIpv4Fault(parsed) ? undefined : parsed;
  const exceptions = policy.exceptions.match(question.claims);
  const active = exceptions.filter(({ expires }) => question.at < expires);
  const grants = policy.grants?.match(question.claims);
  const guardrails = checkLimits('guardrails', policy.guardrails, question, block, active);
  const checked = [
    { rule: 'guardrails', ...guardrails },
    ...(grants ?? []).map((grant) => ({ rule: grant.id, ...checkGrant(grant, question, block, active) })),
  ];
  const decision = decide(policy, question);
  return {
    decision,
    opinions: checked.map(({ rule, violations, exceptions: needed }) => ({
      rule,
      violations: violations.map((violation) => asDecided(violation, decision)),
      exceptions: [...needed],
    })),
    exceptions: exceptions.map(({ id, expires }) => ({ id, expires, active: question.at < expires })),
    grants: grants?.map(({ id }) => id),
  };
}

/** The decision's own words where it has them: they name the nearest block that fits, too. */
const asDecided = (violation: Violation, { violations }: Decision): Violation =>
  violations.find(({ rule, code }) => rule === violation.rule && code === violation.code) ?? violation;
