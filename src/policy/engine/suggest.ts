// From the record of a refused create to rules that allow it: an exception narrowed to that very request, and a grant where the
// caller has none. Pure. Says why when no exception may allow the request.
import { networkIn } from '../../net/ipv4.ts';
import { networkListOf } from '../../net/network-list.ts';
import { compilePolicy, type Policy } from './compile.ts';
import { decide } from './decide.ts';
import { codesOf, type PeeringRequest, type Question, verdictOf } from './decision.ts';
import type { ExceptionData, GrantData } from './policy-data.ts';
import { mayBeCut } from './recorded-claims.ts';
import { replay } from './replay.ts';

/** Limits as they stand in a policy file. */
interface SuggestedLimits {
  clusters?: readonly string[];
  vpcs?: readonly string[];
  accounts?: readonly string[];
  regions?: readonly string[];
  cidrs?: readonly string[];
  prefixLength?: { readonly min: number; readonly max: number };
  secureConnection?: 'optional';
}

type Callers = ExceptionData['callers'];

export interface Suggestion {
  readonly question: Question & { readonly peering: PeeringRequest };
  readonly callers: Callers;
  readonly only: SuggestedLimits;
  readonly allows: SuggestedLimits;
  /** `undefined`: the caller has a grant already. */
  readonly grant: SuggestedLimits | undefined;
}

/** What no exception lifts, with the reason. */
const beyondExceptions: Readonly<Record<string, string>> = {
  cidr_forbidden:
    'the block, or another one of the VPC, overlaps a forbidden one: no exception lifts forbiddenCidrs',
  vpc_unknown: 'the VPC is not in the VPC registry: add it there, if it exists',
  vpc_mismatch: 'the request contradicts the VPC registry: one of the two is wrong',
  not_owner: 'deleteOwn never covers what others created: a grant with delete would',
};

/** No VPC has this address: a grant of it alone allows nothing. */
const noBlock = '0.0.0.0/32';

/** The reason why nothing can be suggested, or the suggestion. */
export function suggest(policy: Policy, record: unknown): Suggestion | string {
  const replayed = replay(policy, record);
  if (replayed === undefined) return 'it is not the record of a request that a policy decided';
  const { question, decision, notRecorded } = replayed;
  if (verdictOf(decision) === 'allow') return 'the policy allows this request already';
  const { peering, claims } = question;
  if (question.action !== 'create' || peering === undefined) {
    const [reason] = codesOf(decision).flatMap((code) => beyondExceptions[code] ?? []);
    return reason ?? 'an exception can be suggested for a create only';
  }
  if (notRecorded.length > 0) return `the record lacks what the policy asks for: ${notRecorded.join(', ')}`;
  if (isTruncated(record) || Object.values(claims).some(mayBeCut))
    return 'claims are truncated in the record';
  const { iss, sub } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || iss.includes('*'))
    return 'issuer and subject of the caller cannot be named in a policy';
  const callers: Callers = [
    {
      all: [
        { claim: 'iss', equals: iss },
        { claim: 'sub', equals: sub, exact: true },
      ],
    },
  ];
  return widen(policy, { ...question, peering }, callers);
}

/** Adds what the decision still misses, until the request is allowed. */
function widen(policy: Policy, question: Suggestion['question'], callers: Callers): Suggestion | string {
  const missing = new Set<string>();
  for (;;) {
    const suggestion = suggestionFor(missing, question, callers);
    const codes = codesOf(decide(withSuggestion(policy, suggestion), question));
    if (codes.length === 0) return suggestion;
    const reason = reasonAgainst(codes, policy, question);
    if (reason !== undefined) return reason;
    if (codes.every((code) => missing.has(code))) return `no exception allows it: ${codes.join(', ')}`;
    for (const code of codes) missing.add(code);
  }
}

function suggestionFor(missing: Set<string>, question: Suggestion['question'], callers: Callers): Suggestion {
  const { clusterId, vpcId, cidrBlock, accountId, region } = question.peering;
  const place = { clusters: [clusterId], accounts: [accountId], regions: [region] };
  const only = { ...place, vpcs: [vpcId], cidrs: [cidrBlock] };
  const needsGrant = missing.has('no_grant') || missing.has('action_not_allowed');
  if (needsGrant) missing.add('cidr_not_allowed');
  const grant = needsGrant ? { ...place, cidrs: [noBlock] } : undefined;
  return { question, callers, only, allows: allowing(missing, question.peering), grant };
}

function reasonAgainst(
  codes: readonly string[],
  { grants, exceptions }: Policy,
  question: Suggestion['question'],
): string | undefined {
  if (grants === undefined && codes.includes('no_grant'))
    return 'the policy has no grants, and the first one would refuse every other caller';
  // Another token of the same subject may have other claims.
  const others = exceptions.claims().filter((name) => name !== 'iss' && name !== 'sub');
  const [other] = exceptions.assuming(others).match({ claims: question.claims });
  if (other !== undefined && (codes.includes('no_grant') || codes.includes('action_not_allowed')))
    return `the caller needs a grant, which the exception ${other.id} would widen further: write it by hand`;
  return codes.flatMap((code) => beyondExceptions[code] ?? [])[0];
}

function allowing(codes: ReadonlySet<string>, peering: PeeringRequest): SuggestedLimits {
  const { clusterId, cidrBlock, accountId, region } = peering;
  const prefix = Number(cidrBlock.split('/')[1]);
  return {
    ...(codes.has('cluster_not_allowed') && { clusters: [clusterId] }),
    ...(codes.has('account_not_allowed') && { accounts: [accountId] }),
    ...(codes.has('region_not_allowed') && { regions: [region] }),
    ...(codes.has('cidr_not_allowed') && { cidrs: [cidrBlock] }),
    ...(codes.has('prefix_length') && { prefixLength: { min: prefix, max: prefix } }),
    ...(codes.has('insecure_connection') && { secureConnection: 'optional' }),
  };
}

function withSuggestion(policy: Policy, { callers, only, allows, grant }: Suggestion): Policy {
  const { data } = policy;
  const exception: ExceptionData = {
    ...{ id: '', callers, actions: ['create'], expires: Number.POSITIVE_INFINITY },
    only: resolved(only),
    allows: resolved(allows),
  };
  const grants = grant && data.grants ? [...data.grants, grantData(callers, grant)] : data.grants;
  return compilePolicy({ ...data, grants, exceptions: [...data.exceptions, exception] });
}

const grantData = (callers: Callers, grant: SuggestedLimits): GrantData => ({
  ...{ id: '', callers, actions: ['create'] },
  ...resolved(grant),
});

const resolved = <Limits extends SuggestedLimits>({ cidrs, ...limits }: Limits) => ({
  ...limits,
  cidrs: cidrs && networkListOf(cidrs.flatMap((cidr) => networkIn(cidr) ?? [])),
});

const isTruncated = (record: unknown): boolean =>
  (record as { metadata?: { is_truncated?: unknown } } | null)?.metadata?.is_truncated === true;
