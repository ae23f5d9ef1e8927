// What one caller may do under a policy, at one time: bounded in size, and of other callers' grants nothing.
import type { NetworkList } from '../../net/network-list.ts';
import { accountsIn } from './accounts-from-claim.ts';
import type { Policy } from './compile.ts';
import type { Caller } from './decision.ts';
import type {
  AllowancesData,
  GrantData,
  LimitsData,
  OnlyData,
  PolicyData,
  PrefixLength,
} from './policy-data.ts';

/** A list, cut to a bounded length. */
export interface Listed {
  readonly values: readonly string[];
  /** How many there are. */
  readonly total: number;
}

/** `null`: no narrower than the guardrails. */
export interface EffectiveLimits {
  readonly clusters: readonly string[] | null;
  readonly accounts: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly cidrs: readonly string[] | null;
}

export interface EffectivePolicy {
  readonly organization: string;
  /** Whom the caller may ask. */
  readonly contact?: string;
  readonly policyVersion: string;
  readonly mode: 'enforce' | 'report';
  readonly caller: { readonly issuer: string; readonly subject: string };
  /** What every create must be inside of. */
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly cidrs: readonly string[];
  readonly forbiddenCidrs: readonly string[];
  readonly prefixLength: PrefixLength;
  readonly secureConnection: 'required' | 'optional';
  /** The caller's own; a request must fit one of them whole. `null`: the policy has none, and the scope is enough. */
  readonly grants:
    | readonly (EffectiveLimits & {
        readonly id: string;
        readonly actions: readonly string[];
        /** The claim of the caller's token that `accounts` are taken from. */
        readonly accountsFromClaim?: string;
      })[]
    | null;
  readonly exceptions: readonly {
    readonly id: string;
    readonly actions: readonly string[];
    readonly expires: string;
    readonly ticket: string | null;
    /** What a request must be inside of for the exception to have an effect. */
    readonly only?: EffectiveLimits & { readonly vpcs: readonly string[] | null };
    readonly allows: EffectiveLimits & Partial<Pick<AllowancesData, 'prefixLength' | 'secureConnection'>>;
  }[];
  /** Lists that are longer than what is shown here, by their JSON Pointer, with their length. */
  readonly shortened: Readonly<Record<string, number>>;
}

const maxShown = 100;

export function effectivePolicy(
  policy: Policy,
  caller: Caller & { readonly issuer: string; readonly subject: string },
  at: number,
): EffectivePolicy {
  const shortened: Record<string, number> = {};
  const show = (place: string, { values, total }: Listed): readonly string[] => {
    if (total > Math.min(values.length, maxShown)) shortened[place] = total;
    return values.slice(0, maxShown);
  };
  const optionalList = (place: string, values: readonly string[] | undefined) =>
    values === undefined ? null : show(place, all(values));
  const limits = (place: string, data: LimitsData): EffectiveLimits => {
    const optional = (name: 'clusters' | 'accounts' | 'regions') =>
      optionalList(`${place}/${name}`, data[name]);
    return {
      clusters: optional('clusters'),
      accounts: optional('accounts'),
      regions: optional('regions'),
      cidrs: data.cidrs === undefined ? null : show(`${place}/cidrs`, networks(data.cidrs)),
    };
  };
  const onlyOf = (place: string, only: OnlyData) => ({
    ...limits(place, only),
    vpcs: optionalList(`${place}/vpcs`, only.vpcs),
  });
  const { guardrails }: PolicyData = policy.data;
  const grants = policy.grants?.match(caller) ?? null;
  const active = policy.exceptions.match(caller).filter(({ expires }) => at < expires);
  return {
    organization: policy.organization,
    ...(policy.contact === undefined ? {} : { contact: policy.contact }),
    policyVersion: policy.version,
    mode: policy.mode,
    caller: { issuer: caller.issuer, subject: caller.subject },
    accounts: show('/accounts', all(guardrails.accounts)),
    regions: show('/regions', all(guardrails.regions)),
    cidrs: show('/cidrs', networks(guardrails.cidrs)),
    forbiddenCidrs: show('/forbiddenCidrs', networks(guardrails.forbiddenCidrs)),
    prefixLength: guardrails.prefixLength,
    secureConnection: guardrails.secureConnection,
    grants:
      grants?.map(({ id, data }, index) => ({
        id,
        actions: data.actions,
        ...limits(`/grants/${index}`, withProvenAccounts(data, caller)),
        ...(data.accountsFromClaim === undefined ? {} : { accountsFromClaim: data.accountsFromClaim }),
      })) ?? null,
    exceptions: active.map(({ id, expires, data }, index) => {
      const { allows, ticket, only } = data;
      const { prefixLength, secureConnection } = allows;
      return {
        id,
        actions: data.actions,
        expires: new Date(expires).toISOString(),
        ticket: ticket ?? null,
        ...(only && { only: onlyOf(`/exceptions/${index}/only`, only) }),
        allows: {
          ...limits(`/exceptions/${index}/allows`, allows),
          ...(prefixLength && { prefixLength }),
          ...(secureConnection && { secureConnection }),
        },
      };
    }),
    shortened,
  };
}

function withProvenAccounts(data: GrantData, { claims }: Caller): LimitsData {
  const claim = data.accountsFromClaim;
  return claim === undefined ? data : { ...data, accounts: accountsIn(claims, claim) };
}

const all = (values: readonly string[]): Listed => ({ values, total: values.length });
const networks = ({ named, count }: NetworkList): Listed => ({ values: named, total: count });
