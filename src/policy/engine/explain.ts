// What every rule that concerns a caller says to a request: the decision, and all that it was made from. Pure.
import { networkIn } from '../../net/ipv4.ts';
import { accountsIn } from './accounts-from-claim.ts';
import { type CompiledGrant, isActive, type Policy } from './compile.ts';
import { checkGrant, decide } from './decide.ts';
import type { Decision, Question, Violation } from './decision.ts';
import { checkLimits } from './limits.ts';
import { isInside } from './only.ts';

export interface RuleOpinion {
  readonly rule: string;
  readonly violations: readonly Violation[];
  /** The exceptions without which there would be more. */
  readonly exceptions: readonly string[];
  /** A grant's accounts, if the token proves them by this claim. */
  readonly accountsFromClaim?: { readonly claim: string; readonly accounts: readonly string[] } | undefined;
}

export interface Explanation {
  readonly decision: Decision;
  /** The guardrails, then every grant of the caller, then what no rule of these says. */
  readonly opinions: readonly RuleOpinion[];
  /** The exceptions for the caller. `widens`: the action is one of its own. */
  readonly exceptions: readonly {
    readonly id: string;
    readonly expired: boolean;
    readonly widens: boolean;
    /** The request is inside what the exception is narrowed to. */
    readonly applies: boolean;
  }[];
  /** `undefined`: the policy has no grants, and the caller needs none. */
  readonly grants: readonly string[] | undefined;
}

export function explain(policy: Policy, question: Question): Explanation {
  const block = networkIn(question.peering?.cidrBlock);
  const exceptions = policy.exceptions.match(question);
  const active = exceptions.filter((exception) => isActive(exception, question, block));
  const grants = policy.grants?.match(question);
  const guardrails = checkLimits('guardrails', policy.guardrails, question, block, active);
  const checked = [
    { rule: 'guardrails', accountsFromClaim: undefined, ...guardrails },
    ...(grants ?? []).map((grant) => ({
      rule: grant.id,
      accountsFromClaim: accountsFromClaim(grant, question),
      ...checkGrant(grant, question, block, active),
    })),
  ];
  const decision = decide(policy, question);
  const opinions = checked.map(({ rule, accountsFromClaim, violations, exceptions: needed }) => ({
    rule,
    accountsFromClaim,
    violations: violations.map((violation) => asDecided(violation, decision)),
    exceptions: [...needed],
  }));
  return {
    decision,
    opinions: [...opinions, ...withoutRule(decision, opinions)],
    exceptions: exceptions.map(({ id, actions, expires, only }) => ({
      id,
      expired: question.at >= expires,
      widens: actions.has(question.action),
      applies: only === undefined || isInside(only, question, block),
    })),
    grants: question.withoutScopes ? (grants ?? []).map(({ id }) => id) : grants?.map(({ id }) => id),
  };
}

function accountsFromClaim({ data }: CompiledGrant, { claims }: Question): RuleOpinion['accountsFromClaim'] {
  const claim = data.accountsFromClaim;
  return claim === undefined ? undefined : { claim, accounts: accountsIn(claims, claim) };
}

/** What the decision names and no rule above says, such as `no_grant`: a denial is never shown without its reason. */
function withoutRule({ violations }: Decision, opinions: readonly RuleOpinion[]): RuleOpinion[] {
  const said = new Set(opinions.flatMap((opinion) => opinion.violations.map(keyOf)));
  const left = violations.filter((violation) => !said.has(keyOf(violation)));
  return [...Map.groupBy(left, ({ rule }) => rule)].map(([rule, found]) => ({
    rule,
    violations: found,
    exceptions: [],
  }));
}

const keyOf = ({ rule, code }: Violation): string => `${rule} ${code}`;

/** The decision's own words where it has them: they name the nearest block that fits, too. */
const asDecided = (violation: Violation, { violations }: Decision): Violation =>
  violations.find((decided) => keyOf(decided) === keyOf(violation)) ?? violation;
