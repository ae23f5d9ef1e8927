// What one caller may do under a policy, at one time: bounded in size, and of other callers' grants nothing.
import type { NetworkList } from '../../net/network-list.ts';
import { accountsIn } from './accounts-from-claim.ts';
import type { Policy } from './compile.ts';
import type { Caller } from './decision.ts';
import type {
  AllowancesData,
  ExceptionData,
  GrantData,
  GuardrailsData,
  LimitsData,
  OnlyData,
  PrefixLength,
} from './policy-data.ts';

/** `null`: no narrower than the guardrails. */
export interface EffectiveLimits {
  readonly clusters: readonly string[] | null;
  readonly accounts: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly cidrs: readonly string[] | null;
}

export interface EffectiveOnly extends EffectiveLimits {
  readonly vpcs: readonly string[] | null;
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
  /** Live peerings at most; left out: no limit. */
  readonly maxPeerings?: NonNullable<GuardrailsData['maxPeerings']>;
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
    readonly only?: EffectiveOnly;
    readonly allows: EffectiveLimits & Partial<Pick<AllowancesData, 'prefixLength' | 'secureConnection'>>;
  }[];
  /** Lists that are longer than what is shown here, by their JSON Pointer, with their length. */
  readonly shortened: Readonly<Record<string, number>>;
}

const maxShown = 100;

/** Cuts lists, and keeps the length of each that it has cut. */
class Shortener {
  readonly shortened: Record<string, number> = {};

  list(place: string, values: readonly string[]): readonly string[] {
    return this.#cut(place, values, values.length);
  }

  networks(place: string, { named, count }: NetworkList): readonly string[] {
    return this.#cut(place, named, count);
  }

  limits(place: string, { clusters, accounts, regions, cidrs }: LimitsData): EffectiveLimits {
    return {
      clusters: this.#optional(`${place}/clusters`, clusters),
      accounts: this.#optional(`${place}/accounts`, accounts),
      regions: this.#optional(`${place}/regions`, regions),
      cidrs: cidrs === undefined ? null : this.networks(`${place}/cidrs`, cidrs),
    };
  }

  only(place: string, only: OnlyData): EffectiveOnly {
    return { ...this.limits(place, only), vpcs: this.#optional(`${place}/vpcs`, only.vpcs) };
  }

  #optional(place: string, values: readonly string[] | undefined): readonly string[] | null {
    return values === undefined ? null : this.list(place, values);
  }

  #cut(place: string, values: readonly string[], total: number): readonly string[] {
    if (total > Math.min(values.length, maxShown)) this.shortened[place] = total;
    return values.slice(0, maxShown);
  }
}

export function effectivePolicy(
  policy: Policy,
  caller: Caller & { readonly issuer: string; readonly subject: string },
  at: number,
): EffectivePolicy {
  const show = new Shortener();
  const { guardrails } = policy.data;
  const grants = policy.grants?.match(caller) ?? null;
  const active = policy.exceptions.match(caller).filter(({ expires }) => at < expires);
  return {
    organization: policy.organization,
    ...(policy.contact === undefined ? {} : { contact: policy.contact }),
    policyVersion: policy.version,
    mode: policy.mode,
    caller: { issuer: caller.issuer, subject: caller.subject },
    accounts: show.list('/accounts', guardrails.accounts),
    regions: show.list('/regions', guardrails.regions),
    cidrs: show.networks('/cidrs', guardrails.cidrs),
    forbiddenCidrs: show.networks('/forbiddenCidrs', guardrails.forbiddenCidrs),
    prefixLength: guardrails.prefixLength,
    secureConnection: guardrails.secureConnection,
    ...(guardrails.maxPeerings && { maxPeerings: guardrails.maxPeerings }),
    grants: grants?.map(({ data }, index) => effectiveGrant(data, caller, `/grants/${index}`, show)) ?? null,
    exceptions: active.map(({ data }, index) => effectiveException(data, `/exceptions/${index}`, show)),
    shortened: show.shortened,
  };
}

type EffectiveGrant = NonNullable<EffectivePolicy['grants']>[number];

function effectiveGrant(data: GrantData, { claims }: Caller, place: string, show: Shortener): EffectiveGrant {
  const { id, actions, accountsFromClaim: claim } = data;
  if (claim === undefined) return { id, actions, ...show.limits(place, data) };
  const limits = show.limits(place, { ...data, accounts: accountsIn(claims, claim) });
  return { id, actions, ...limits, accountsFromClaim: claim };
}

function effectiveException(
  { id, actions, expires, ticket, only, allows }: ExceptionData,
  place: string,
  show: Shortener,
): EffectivePolicy['exceptions'][number] {
  const { prefixLength, secureConnection } = allows;
  return {
    id,
    actions,
    expires: new Date(expires).toISOString(),
    ticket: ticket ?? null,
    ...(only && { only: show.only(`${place}/only`, only) }),
    allows: {
      ...show.limits(`${place}/allows`, allows),
      ...(prefixLength && { prefixLength }),
      ...(secureConnection && { secureConnection }),
    },
  };
}
