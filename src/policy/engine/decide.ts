// The decision: pure and total. Whatever is asked, the answer is a decision with everything that speaks against the
// request; what cannot be shown to be allowed is denied.
import { formatIpv4Network, type Ipv4Network, networkOf } from '../../net/ipv4.ts';
import { limitsFor } from './accounts-from-claim.ts';
import { checkVpc } from './check-vpc.ts';
import { type CompiledGrant, isActive, type Policy } from './compile.ts';
import type { Caller, Decision, Question, Violation } from './decision.ts';
import { type ActiveException, type Checked, checkLimits } from './limits.ts';
import { readQuestion } from './well-formed.ts';

/** Decides one request by the policy. Never throws. */
export function decide(policy: Policy, question: Question): Decision {
  const { version: policyVersion, mode } = policy;
  const block = readQuestion(question);
  if (isRefused(block)) {
    return { effect: 'deny', policyVersion, mode, grant: null, exceptions: [], violations: block };
  }
  const { violations, grant, exceptions } = judge(policy, question, block);
  if (violations.length === 0) {
    const { id = null, data } = grant ?? {};
    const source = data?.accountsFromClaim === undefined ? {} : { accountsFromClaim: data.accountsFromClaim };
    return { effect: 'allow', policyVersion, mode, grant: id, ...source, exceptions, violations };
  }
  return {
    effect: mode === 'enforce' || isNeverSuspended(question, violations) ? 'deny' : 'allow',
    policyVersion,
    mode,
    grant: null,
    exceptions,
    violations: withNearest(violations, policy, question, block),
  };
}

/** Does any grant match the caller, or is none needed? */
export const isGranted = ({ grants }: Policy, caller: Caller): boolean =>
  grants === undefined ? !caller.withoutScopes : grants.match(caller).length > 0;

/** The decision about a caller without scopes whom no grant matches, whatever it asks. */
export const nothingGranted = ({ version: policyVersion, mode }: Policy): Decision => ({
  effect: 'deny',
  policyVersion,
  mode,
  grant: null,
  exceptions: [],
  violations: [noGrant],
});

/** Report mode authorizes neither a caller without scopes and without a grant, nor a delete of what others created. */
const isNeverSuspended = ({ withoutScopes = false }: Question, violations: readonly Violation[]): boolean =>
  violations.some(({ code }) => code === 'not_owner' || (withoutScopes && code === 'no_grant'));

interface Verdict {
  readonly violations: readonly Violation[];
  readonly grant: CompiledGrant | null;
  readonly exceptions: readonly string[];
}

const isRefused = (block: ReturnType<typeof readQuestion>): block is readonly Violation[] =>
  Array.isArray(block);

/** With the exceptions that are active for the caller. The verdict names those that made a difference. */
function judge(policy: Policy, question: Question, block: Ipv4Network | undefined): Verdict {
  const active = policy.exceptions
    .match(question)
    .filter((exception) => isActive(exception, question, block));
  let verdict = judgeWith(policy, question, block, active);
  if (verdict.violations.length > 0 || verdict.exceptions.length === 0) return verdict;
  let needed = active;
  for (const { id } of active) {
    const fewer = needed.filter((other) => other.id !== id);
    const without = judgeWith(policy, question, block, fewer);
    if (without.violations.length > 0) continue;
    needed = fewer;
    verdict = without;
  }
  return verdict;
}

function judgeWith(
  policy: Policy,
  question: Question,
  block: Ipv4Network | undefined,
  active: readonly ActiveException[],
): Verdict {
  const guardrails = checkLimits('guardrails', policy.guardrails, question, block, active);
  const { grant, checked } = judgeGrants(policy, question, block, active);
  const violations = [...guardrails.violations, ...checked.violations];
  return {
    violations: [...violations, ...judgeVpc(policy, question, block, violations)],
    grant,
    exceptions: [...new Set([...guardrails.exceptions, ...checked.exceptions])],
  };
}

/** `others`: what the rules have against the request. */
function judgeVpc(
  { vpcs: registry, guardrails }: Policy,
  { peering }: Question,
  block: Ipv4Network | undefined,
  others: readonly Violation[],
): Violation[] {
  if (registry === undefined || peering === undefined || block === undefined) return [];
  const isAccountAllowed = others.every(({ code }) => code !== 'account_not_allowed' && code !== 'no_grant');
  return checkVpc({ registry, guardrails, isAccountAllowed }, peering, block);
}

/** The first grant that fits the request whole, or what the nearest one has against it. */
function judgeGrants(
  policy: Policy,
  question: Question,
  block: Ipv4Network | undefined,
  active: readonly ActiveException[],
): { grant: CompiledGrant | null; checked: Checked } {
  if (policy.grants === undefined && !question.withoutScopes)
    return { grant: null, checked: { violations: [], exceptions: new Set() } };
  let nearest: { grant: CompiledGrant; checked: Checked } | undefined;
  for (const grant of decidingGrants(policy, question)) {
    const checked = checkGrant(grant, question, block, active);
    if (nearest === undefined || checked.violations.length < nearest.checked.violations.length) {
      nearest = { grant, checked };
    }
    if (checked.violations.length === 0) break;
  }
  return nearest ?? { grant: null, checked: { violations: [noGrant], exceptions: new Set() } };
}

/** Where only `deleteOwn` lets a caller delete, no grant without it comes nearer: what it says is never suspended. */
function decidingGrants({ grants }: Policy, question: Question): readonly CompiledGrant[] {
  const matching = grants?.match(question) ?? [];
  if (question.action !== 'delete' || matching.some(({ actions }) => actions.has('delete'))) return matching;
  const own = matching.filter(({ actions }) => actions.has('deleteOwn'));
  return own.length > 0 ? own : matching;
}

export function checkGrant(
  grant: CompiledGrant,
  question: Question,
  block: Ipv4Network | undefined,
  active: readonly ActiveException[],
): Checked {
  const { id, actions } = grant;
  const checked = checkLimits(id, limitsFor(grant, question.claims), question, block, active);
  if (actions.has(question.action)) return checked;
  if (question.action === 'delete' && actions.has('deleteOwn')) {
    // Who created it is asked once it was found.
    if (question.existing !== undefined && question.existing.isOwn !== true)
      checked.violations.unshift({ ...notOwner, rule: id });
    return checked;
  }
  const allowed = [...actions];
  const description = `The grant does not cover ${question.action}. Allowed: ${allowed.join(', ')}.`;
  checked.violations.unshift({ code: 'action_not_allowed', field: '', rule: id, description, allowed });
  return checked;
}

const noGrant: Violation = {
  code: 'no_grant',
  field: '',
  rule: 'grants',
  description: 'No grant of the policy is for this caller.',
  allowed: [],
};

const notOwner: Omit<Violation, 'rule'> = {
  code: 'not_owner',
  field: '',
  description:
    'The grant covers only peerings that the caller created itself; nothing shows that it created this one.',
  allowed: [],
};

/** Names the block of an allowed length around (or at the start of) the one asked for, when that one would pass. */
function withNearest(
  violations: readonly Violation[],
  policy: Policy,
  question: Question,
  block: Ipv4Network | undefined,
): readonly Violation[] {
  const { peering } = question;
  if (block === undefined || peering === undefined) return violations;
  return violations.map((violation) => {
    const { code, allowed } = violation;
    if (code !== 'prefix_length' || !('min' in allowed)) return violation;
    const candidate = networkOf(block.first, block.prefix > allowed.max ? allowed.max : allowed.min);
    const nearest = formatIpv4Network(candidate);
    const { violations: left } = judge(
      policy,
      { ...question, peering: { ...peering, cidrBlock: nearest } },
      candidate,
    );
    if (left.some(({ field }) => field === '/cidrBlock')) return violation;
    const description = `${violation.description} The nearest block that fits: ${nearest}.`;
    return { ...violation, description, allowed: { ...allowed, nearest } };
  });
}
