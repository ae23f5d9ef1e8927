// What a policy says, worked out another way: over the document as it is written, with addresses as text and plain loops.
// Shares nothing with the gateway's own decision.

export type Json = Readonly<Record<string, unknown>>;

export interface Condition {
  readonly claim: string;
  readonly equals?: string | number | boolean;
  readonly contains?: string;
  readonly exact?: boolean;
}

export type Caller = Condition | { readonly all: readonly Condition[] };

export interface RawLimits {
  readonly clusters?: readonly string[];
  readonly accounts?: readonly string[];
  readonly regions?: readonly string[];
  readonly cidrs?: readonly string[];
  readonly forbiddenCidrs?: readonly string[];
  readonly prefixLength?: { readonly min: number; readonly max: number };
  readonly secureConnection?: string;
}

export interface RawPolicy {
  readonly guardrails: RawLimits;
  readonly grants?: readonly (Omit<RawLimits, 'accounts'> & {
    readonly accounts?: readonly string[] | { readonly fromClaim: string };
    readonly id: string;
    readonly callers: readonly Caller[];
    readonly actions: readonly string[];
  })[];
  readonly exceptions: readonly {
    readonly id: string;
    readonly callers: readonly Caller[];
    readonly actions?: readonly string[];
    readonly only?: Pick<RawLimits, 'clusters' | 'accounts' | 'regions' | 'cidrs'> & {
      readonly vpcs?: readonly string[];
    };
    readonly allows: RawLimits;
    readonly expires: string;
  }[];
}

export interface RawQuestion {
  readonly claims: Json;
  readonly withoutScopes?: boolean | undefined;
  readonly at: number;
  readonly action: string;
  readonly clusterId?: string | undefined;
  readonly peering?: (Place & { readonly isSecureConnection: boolean }) | undefined;
  readonly existing?: Existing | undefined;
}

type Existing = Pick<Place, 'accountId' | 'region'> & {
  readonly vpcId?: string | undefined;
  readonly cidrBlock?: string | undefined;
  readonly isOwn?: boolean | undefined;
};

interface Place {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
}

export interface Opinion {
  readonly rule: string;
  readonly codes: readonly string[];
}

/** What the guardrails and every grant of the caller have against the request; without grants the latter is missing. */
export function opinionsOn(policy: RawPolicy, question: RawQuestion) {
  const helpers = activeExceptions(policy, question).map(({ allows }) => allows);
  const guardrails = objections(policy.guardrails, helpers, question);
  const known = question.withoutScopes === true ? (policy.grants ?? []) : policy.grants;
  const own = known?.filter(({ callers }) => callers.some((caller) => isFor(caller, question))) ?? [];
  const grants =
    known &&
    decidingOf(own, question).map((grant): Opinion => {
      const accounts = accountsOf(grant, question.claims);
      const { accounts: _, ...others } = grant;
      const codes = objections({ ...others, ...(accounts && { accounts }) }, helpers, question);
      const missing = missingAction(grant.actions, question);
      return { rule: grant.id, codes: missing === undefined ? codes : [missing, ...codes] };
    });
  return { guardrails, grants };
}

/** Of a caller who may delete only its own, the grants that say so decide. */
function decidingOf(grants: NonNullable<RawPolicy['grants']>, { action }: RawQuestion) {
  const having = (name: string) => grants.filter(({ actions }) => actions.includes(name));
  const ownOnly = action === 'delete' && having('delete').length === 0 && having('deleteOwn').length > 0;
  return ownOnly ? having('deleteOwn') : grants;
}

function missingAction(actions: readonly string[], { action, existing }: RawQuestion): string | undefined {
  if (actions.includes(action)) return undefined;
  if (action !== 'delete' || !actions.includes('deleteOwn')) return 'action_not_allowed';
  return existing === undefined || existing.isOwn === true ? undefined : 'not_owner';
}

export const activeExceptions = ({ exceptions }: RawPolicy, question: RawQuestion) =>
  exceptions.filter(
    ({ callers, actions, expires, only = {} }) =>
      (actions ?? ['create']).includes(question.action) &&
      new Date(expires).getTime() > question.at &&
      callers.some((caller) => isFor(caller, question)) &&
      (question.withoutScopes !== true || callers.every(isBound)) &&
      isInside(only, question),
  );

/** Before a delete knows the peering, its cluster alone can be outside. */
function isInside(
  only: NonNullable<RawPolicy['exceptions'][number]['only']>,
  { action, clusterId, peering: asked, existing }: RawQuestion,
): boolean {
  const peering = asked ?? existing;
  const { clusters, vpcs, accounts, regions, cidrs } = only;
  if (clusters !== undefined && !clusters.some((id) => id.toLowerCase() === clusterId)) return false;
  if (peering === undefined)
    return action === 'delete' || [vpcs, accounts, regions, cidrs].every((list) => list === undefined);
  const inside = cidrs && new Set(cidrs.flatMap(addressesOf));
  return (
    vpcs?.includes(peering.vpcId ?? '') !== false &&
    accounts?.includes(peering.accountId) !== false &&
    regions?.includes(peering.region) !== false &&
    (inside === undefined || addressesOf(peering.cidrBlock ?? '').every((address) => inside.has(address)))
  );
}

function accountsOf(
  { accounts }: NonNullable<RawPolicy['grants']>[number],
  claims: Json,
): readonly string[] | undefined {
  if (accounts === undefined || !('fromClaim' in accounts)) return accounts;
  const value = claimOf(accounts.fromClaim, claims);
  const list = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as unknown[]) : [];
  const good = list.filter((one) => typeof one === 'string' && /^[0-9]{12}$/.test(one));
  return good.length === list.length ? (good as string[]) : [];
}

const isFor = (caller: Caller, { claims, withoutScopes = false }: RawQuestion): boolean =>
  partsOf(caller).every((condition) => matches(condition, claims)) && (!withoutScopes || isBound(caller));

const partsOf = (caller: Caller): readonly Condition[] => ('all' in caller ? caller.all : [caller]);

/** Names the issuer, and says more than every token of it does. */
function isBound(caller: Caller): boolean {
  const parts = partsOf(caller);
  const named = parts.some(({ claim, equals }) => claim === 'iss' && /^[^*]+$/.test(String(equals ?? '*')));
  const more = parts.filter(({ equals, exact }) => equals !== '*' || exact === true);
  return named && more.some(({ claim }) => !/^(iss|aud|\/iss(\/.*)?|\/aud(\/.*)?)$/.test(claim));
}

export function allows(policy: RawPolicy, question: RawQuestion): boolean {
  const { guardrails, grants } = opinionsOn(policy, question);
  return guardrails.length === 0 && (grants === undefined || grants.some(({ codes }) => codes.length === 0));
}

function objections(rule: RawLimits, helpers: readonly RawLimits[], question: RawQuestion): string[] {
  const { clusterId, peering, existing } = question;
  const place = peering ?? existing;
  const found: string[] = [];
  const object = (code: string, fits: (limits: RawLimits) => boolean | undefined) => {
    if (fits(rule) === false && !helpers.some((helper) => fits(helper) === true)) found.push(code);
  };
  object(
    'cluster_not_allowed',
    ({ clusters }) => clusterId === undefined || clusters?.map((id) => id.toLowerCase()).includes(clusterId),
  );
  if (place === undefined) return found;
  object('account_not_allowed', ({ accounts }) => accounts?.includes(place.accountId));
  object('region_not_allowed', ({ regions }) => regions?.includes(place.region));
  if (peering === undefined) return found;
  const { cidrBlock, isSecureConnection } = peering;
  const asked = addressesOf(cidrBlock);
  const length = Number(cidrBlock.split('/')[1]);
  object('cidr_not_allowed', ({ cidrs }) => {
    const inside = cidrs && new Set(cidrs.flatMap(addressesOf));
    return inside && asked.every((address) => inside.has(address));
  });
  const forbidden = new Set((rule.forbiddenCidrs ?? []).flatMap(addressesOf));
  if (asked.some((address) => forbidden.has(address))) found.push('cidr_forbidden');
  object('prefix_length', ({ prefixLength: range }) => range && range.min <= length && length <= range.max);
  object('insecure_connection', ({ secureConnection }) =>
    secureConnection === undefined ? undefined : secureConnection === 'optional' || isSecureConnection,
  );
  return found;
}

/** Every address of a small block, spelled out. */
export function addressesOf(block: string): string[] {
  const [address = '', prefix = ''] = block.split('/');
  const bits = address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, Number(prefix));
  return spellOut(bits);
}

function spellOut(bits: string): string[] {
  if (bits.length < 32) return [...spellOut(`${bits}0`), ...spellOut(`${bits}1`)];
  return [[0, 8, 16, 24].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)).join('.')];
}

/** Claims here are plain JSON without strange names; those have tests of their own. */
function claimOf(claim: string, claims: Json): unknown {
  let value: unknown = claims;
  for (const part of claim.startsWith('/') ? claim.split('/').slice(1) : [claim])
    value = (value as Json | undefined)?.[part];
  return value;
}

export function matches({ claim, equals, contains, exact }: Condition, claims: Json): boolean {
  const value = claimOf(claim, claims);
  if (contains !== undefined) {
    const words = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
    return words.some((word) => word === contains);
  }
  if (exact !== true && typeof equals === 'string' && /\*$/.test(equals))
    return typeof value === 'string' && value.indexOf(equals.replace('*', '')) === 0;
  return value !== undefined && value === equals;
}
