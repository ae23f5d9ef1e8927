// Checks a request against one rule's limits, the guardrails' or a grant's, and reports everything that is outside. What
// an active exception allows besides counts as inside, and the exception is named.
import { CidrSet } from '../../net/cidr-set.ts';
import type { Ipv4Network } from '../../net/ipv4.ts';
import { maxNamed } from '../../net/network-list.ts';
import type { Allowed, PeeringRequest, Question, Violation, ViolationCode } from './decision.ts';
import type { AllowancesData, GuardrailsData, PrefixLength } from './policy-data.ts';

/** Limits made ready to check: looking a value up takes no time that grows with the list. */
export interface Limits {
  readonly clusters: ReadonlySet<string> | undefined;
  readonly accounts: ReadonlySet<string> | undefined;
  readonly regions: ReadonlySet<string> | undefined;
  readonly cidrs: CidrSet | undefined;
  readonly prefixLength: PrefixLength | undefined;
  readonly secureConnection: 'required' | 'optional' | undefined;
  readonly forbidden: CidrSet | undefined;
  /** What would have passed, in words and as values: the same for every request that no exception is for. */
  readonly allowedValues: { readonly [Name in ListName]: AllowedValues };
}

/** The lists that a violation names what would have passed from. */
type ListName = 'clusters' | 'accounts' | 'regions' | 'cidrs' | 'forbiddenCidrs';

/** Some of a list by name, and how long the list is. */
interface AllowedValues {
  readonly named: readonly string[];
  readonly count: number;
  readonly sentence: string;
}

export interface ActiveException {
  readonly id: string;
  readonly allows: Limits;
}

export interface Checked {
  readonly violations: Violation[];
  /** Exceptions that prevented a violation. */
  readonly exceptions: Set<string>;
}

export function compileLimits(
  data: AllowancesData & Partial<Pick<GuardrailsData, 'forbiddenCidrs'>>,
): Limits {
  const set = (values: readonly string[] | undefined) => (values === undefined ? undefined : new Set(values));
  return {
    clusters: set(data.clusters),
    accounts: set(data.accounts),
    regions: set(data.regions),
    cidrs: data.cidrs && new CidrSet(data.cidrs.ranges),
    prefixLength: data.prefixLength,
    secureConnection: data.secureConnection,
    forbidden: data.forbiddenCidrs && new CidrSet(data.forbiddenCidrs.ranges),
    allowedValues: {
      clusters: allowedIn(data.clusters),
      accounts: allowedIn(data.accounts),
      regions: allowedIn(data.regions),
      cidrs: data.cidrs ? allowedFrom(data.cidrs.named, data.cidrs.count) : nothingNamed,
      forbiddenCidrs: data.forbiddenCidrs
        ? allowedFrom(data.forbiddenCidrs.named, data.forbiddenCidrs.count)
        : nothingNamed,
    },
  };
}

/** The same limits with other accounts. `sentence` says in words which would have passed. */
export function withAccounts(limits: Limits, accounts: readonly string[], sentence: string): Limits {
  const allowedAccounts = { ...allowedIn(accounts), sentence };
  return {
    ...limits,
    accounts: new Set(accounts),
    allowedValues: { ...limits.allowedValues, accounts: allowedAccounts },
  };
}

/** `block` is the question's `cidrBlock`. Of a list only the cluster counts, of delete and inspect also account and region. */
export function checkLimits(
  rule: string,
  limits: Limits,
  question: Question,
  block: Ipv4Network | undefined,
  active: readonly ActiveException[],
): Checked {
  const check = new LimitCheck(rule, limits, active);
  const { peering, existing, clusterId } = question;
  if (clusterId !== undefined) check.list('clusters', clusterId);
  const place = peering ?? existing;
  if (place !== undefined) {
    check.list('accounts', place.accountId);
    check.list('regions', place.region);
  }
  if (peering !== undefined && block !== undefined) checkBlock(check, peering, block);
  return check;
}

function checkBlock(
  check: LimitCheck,
  { cidrBlock, isSecureConnection }: PeeringRequest,
  block: Ipv4Network,
): void {
  check.rule(
    ({ cidrs }) => cidrs?.contains(block),
    () => {
      const text = `${cidrBlock} is not inside the allowed blocks.`;
      return outside('cidr_not_allowed', '/cidrBlock', text, check.allowedValues('cidrs'));
    },
  );
  check.forbid(cidrBlock, block);
  check.rule(
    ({ prefixLength }) =>
      prefixLength && block.prefix >= prefixLength.min && block.prefix <= prefixLength.max,
    () => wrongLength(block.prefix, check.applicable),
  );
  check.rule(
    ({ secureConnection }) => secureConnection && (secureConnection === 'optional' || isSecureConnection),
    () => ({
      code: 'insecure_connection',
      field: '/isSecureConnection',
      description: 'A secure connection is required. Allowed: true.',
      allowed: [true],
    }),
  );
}

const listCodes = {
  clusters: { code: 'cluster_not_allowed', field: '/clusterId', name: 'Cluster' },
  accounts: { code: 'account_not_allowed', field: '/accountId', name: 'Account' },
  regions: { code: 'region_not_allowed', field: '/region', name: 'Region' },
} as const;

/** Collects what the limits of one rule, widened by exceptions, say to a request. */
class LimitCheck implements Checked {
  readonly violations: Violation[] = [];
  readonly exceptions = new Set<string>();
  readonly #id: string;
  readonly #limits: Limits;
  readonly #active: readonly ActiveException[];

  constructor(id: string, limits: Limits, active: readonly ActiveException[]) {
    this.#id = id;
    this.#limits = limits;
    this.#active = active;
  }

  /** The rule's own limits, then those of the exceptions. */
  get applicable(): readonly Limits[] {
    return [this.#limits, ...this.#active.map(({ allows }) => allows)];
  }

  allowedValues(name: ListName): AllowedValues {
    return this.#active.length === 0 ? this.#limits.allowedValues[name] : joined(this.applicable, name);
  }

  /** `inside` gives `undefined` where limits say nothing. */
  rule(inside: (by: Limits) => boolean | undefined, violation: () => Omit<Violation, 'rule'>): void {
    if (inside(this.#limits) !== false) return;
    const helping = this.#active.find(({ allows }) => inside(allows) === true);
    if (helping === undefined) this.violations.push({ ...violation(), rule: this.#id });
    else this.exceptions.add(helping.id);
  }

  list(list: keyof typeof listCodes, value: string): void {
    const { code, field, name } = listCodes[list];
    this.rule(
      (limits) => limits[list]?.has(value),
      () => outside(code, field, `${name} ${value} is not allowed.`, this.allowedValues(list)),
    );
  }

  /** Only the guardrails forbid, and no exception lifts that. */
  forbid(cidrBlock: string, block: Ipv4Network): void {
    if (this.#limits.forbidden?.overlaps(block))
      this.violations.push({ ...forbidden(cidrBlock, this.#limits), rule: this.#id });
  }
}

function allowedFrom(named: readonly string[], count: number): AllowedValues {
  const more = count > named.length ? ` and ${count - named.length} more` : '';
  return { named, count, sentence: `Allowed: ${named.join(', ')}${more}.` };
}

const nothingNamed = allowedFrom([], 0);

const allowedIn = (values: readonly string[] | undefined): AllowedValues =>
  values === undefined ? nothingNamed : allowedFrom(values.slice(0, maxNamed), values.length);

function joined(rules: readonly Limits[], name: ListName): AllowedValues {
  const lists = rules.map(({ allowedValues }) => allowedValues[name]);
  const named = [...new Set(lists.flatMap((list) => list.named))];
  const others = lists.reduce((sum, list) => sum + list.count - list.named.length, 0);
  return allowedFrom(named.slice(0, maxNamed), named.length + others);
}

const outside = (
  code: ViolationCode,
  field: string,
  text: string,
  allowedValues: AllowedValues,
): Omit<Violation, 'rule'> => ({
  code,
  field,
  description: `${text} ${allowedValues.sentence}`,
  allowed: allowedValues.named as Allowed,
});

export function forbidden(cidrBlock: string, { allowedValues }: Limits): Omit<Violation, 'rule'> {
  const { named, sentence } = allowedValues.forbiddenCidrs;
  return {
    code: 'cidr_forbidden',
    field: '/cidrBlock',
    description: `${cidrBlock} overlaps a forbidden block. ${sentence.replace('Allowed: ', 'Allowed: outside ')}`,
    allowed: { outside: named },
  };
}

/** Of several ranges that do not touch, the nearest one is named: what is between them would not pass. */
function wrongLength(prefix: number, rules: readonly Limits[]): Omit<Violation, 'rule'> {
  const lengths = rules.flatMap(({ prefixLength }) => prefixLength ?? []).sort((a, b) => a.min - b.min);
  const merged: PrefixLength[] = [];
  for (const { min, max } of lengths) {
    const last = merged.at(-1);
    if (last === undefined || min > last.max + 1) merged.push({ min, max });
    else merged.splice(-1, 1, { min: last.min, max: Math.max(last.max, max) });
  }
  const distance = ({ min, max }: PrefixLength) => Math.max(min - prefix, prefix - max);
  const [{ min, max } = { min: 0, max: 32 }] = merged.sort((a, b) => distance(a) - distance(b));
  return {
    code: 'prefix_length',
    field: '/cidrBlock',
    description: `A prefix length of ${prefix} is not allowed. Allowed: ${min} to ${max}.`,
    allowed: { min, max },
  };
}
