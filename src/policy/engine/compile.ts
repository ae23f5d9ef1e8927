// A policy made ready to decide by. Compiling takes time that grows with the lists; deciding does not.

import type { Ipv4Network } from '../../net/ipv4.ts';
import { VpcRegistry } from '../../net/vpc-registry.ts';
import type { CallerDocument } from '../language/caller-document.ts';
import { CallerIndex } from './callers.ts';
import type { Question } from './decision.ts';
import { compileLimits, type Limits } from './limits.ts';
import { compileOnly, isInside, type Only } from './only.ts';
import type {
  Action,
  AllowancesData,
  ExceptionData,
  GrantData,
  GrantedAction,
  OnlyData,
  PolicyData,
} from './policy-data.ts';

export interface CompiledGrant {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: ReadonlySet<GrantedAction>;
  readonly limits: Limits;
  readonly data: GrantData;
}

interface CompiledException {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: ReadonlySet<Action>;
  readonly expires: number;
  readonly allows: Limits;
  readonly only: Only | undefined;
  readonly data: ExceptionData;
}

export interface Policy {
  readonly organization: string;
  readonly contact: string | undefined;
  readonly version: string;
  readonly mode: 'enforce' | 'report';
  readonly guardrails: Limits;
  /** `undefined`: every caller with the scope. */
  readonly grants: CallerIndex<CompiledGrant> | undefined;
  readonly exceptions: CallerIndex<CompiledException>;
  /** The claims that grants take accounts from. */
  readonly accountClaims: readonly string[];
  /** The claims that decide who a caller is to this policy, and which accounts it has. */
  readonly claims: readonly string[];
  /** The VPCs that there are; `undefined`: any. */
  readonly vpcs: VpcRegistry | undefined;
  readonly data: PolicyData;
}

/** Does the exception widen anything for this question? Whom it is for is asked elsewhere. `block`: the question's. */
export const isActive = (
  { actions, expires, only }: CompiledException,
  question: Question,
  block: Ipv4Network | undefined,
): boolean =>
  actions.has(question.action) &&
  question.at < expires &&
  (only === undefined || isInside(only, question, block));

export function compilePolicy(data: PolicyData): Policy {
  const grants = data.grants && new CallerIndex(data.grants.map(compileGrant));
  const exceptions = new CallerIndex(data.exceptions.map(compileException), { boundAsWhole: true });
  const accountClaims = data.grants?.flatMap(({ accountsFromClaim }) => accountsFromClaim ?? []) ?? [];
  return Object.freeze({
    organization: data.organization,
    contact: data.contact,
    version: data.version,
    mode: data.mode,
    guardrails: compileLimits(data.guardrails),
    grants,
    exceptions,
    accountClaims,
    claims: [...new Set([...(grants?.claims() ?? []), ...exceptions.claims(), ...accountClaims])],
    vpcs: data.vpcs && new VpcRegistry(data.vpcs),
    data,
  });
}

const compileGrant = (data: GrantData): CompiledGrant => ({
  id: data.id,
  callers: data.callers,
  actions: new Set(data.actions),
  limits: compileLimits(data),
  data,
});

const compileException = (data: ExceptionData): CompiledException => ({
  id: data.id,
  callers: data.callers,
  actions: new Set(data.actions),
  expires: data.expires,
  allows: compileLimits(insideOnly(data.allows, data.only)),
  only: data.only && compileOnly(data.only),
  data,
});

/** What of an exception's lists can ever count: it has no effect on a request outside of `only`. */
function insideOnly(allows: AllowancesData, only: OnlyData = {}): AllowancesData {
  const inside = (values: readonly string[] | undefined, bounds: readonly string[] | undefined) => {
    const known = bounds && new Set(bounds);
    return known === undefined ? values : values?.filter((value) => known.has(value));
  };
  return {
    ...allows,
    clusters: inside(allows.clusters, only.clusters),
    accounts: inside(allows.accounts, only.accounts),
    regions: inside(allows.regions, only.regions),
  };
}
