// Finds the rules that match a caller, by looking up the claims that rules ask for. The time does not grow with the number
// of rules, but for those that match by a prefix. Only a claim of the token's own counts, never an inherited property.

import type { CallerDocument, ConditionDocument } from '../language/caller-document.ts';
import type { Caller, Claims } from './decision.ts';

/** Numbers of conditions, by what they ask of one claim. */
interface ClaimIndex {
  readonly equals: Map<unknown, number[]>;
  readonly contains: Map<string, number[]>;
  readonly prefixes: { readonly prefix: string; readonly condition: number }[];
}

/** One entry of a rule's `callers`: it matches when all its conditions hold. */
interface Entry {
  readonly rule: number;
  readonly conditions: number;
  /** Does it match callers whose tokens need no scope? */
  readonly isBound: boolean;
}

interface RuleWithCallers {
  readonly callers: readonly CallerDocument[];
}

interface CallerIndexOptions {
  /** Only a rule whose every caller is bound to an issuer is for callers without scopes. */
  readonly boundAsWhole?: boolean;
}

/** Rules by the callers that they are for. */
export class CallerIndex<Rule extends RuleWithCallers> {
  readonly #rules: readonly Rule[];
  readonly #options: CallerIndexOptions;
  readonly #claims = new Map<string, ClaimIndex>();
  /** By the number of a condition: the entry that it belongs to. */
  readonly #entries: Entry[] = [];
  readonly #assumed = new Set<number>();

  /** `assumed`: claims that have whatever values the rules ask for. */
  constructor(
    rules: readonly Rule[],
    options: CallerIndexOptions = {},
    assumed: ReadonlySet<string> = new Set(),
  ) {
    this.#rules = rules;
    this.#options = options;
    for (const [rule, { callers }] of rules.entries()) {
      const bound = callers.map(isBoundToIssuer);
      const isWhole = options.boundAsWhole !== true || bound.every(Boolean);
      for (const [at, caller] of callers.entries())
        this.#add(caller, { rule, isBound: isWhole && bound[at] === true }, assumed);
    }
  }

  /** The claims that any rule asks for, by name or JSON Pointer. */
  claims(): readonly string[] {
    return [...this.#claims.keys()];
  }

  /** The rules that match the caller, in their order. Never throws. */
  match({ claims, withoutScopes = false }: Caller): Rule[] {
    const met = new Set(this.#assumed);
    for (const [name, index] of this.#claims) {
      const value = claimAt(claims, name);
      if (value !== undefined) collect(index, value, met);
    }
    const counts = new Map<Entry, number>();
    const found = new Set<number>();
    for (const condition of met) {
      const entry = this.#entries[condition] as Entry;
      const count = (counts.get(entry) ?? 0) + 1;
      counts.set(entry, count);
      if (count === entry.conditions && (entry.isBound || !withoutScopes)) found.add(entry.rule);
    }
    return [...found].sort((a, b) => a - b).map((rule) => this.#rules[rule] as Rule);
  }

  /** The same rules, as they match when these claims have whatever values the rules ask for. */
  assuming(names: readonly string[]): CallerIndex<Rule> {
    return new CallerIndex(this.#rules, this.#options, new Set(names));
  }

  #add(
    caller: CallerDocument,
    { rule, isBound }: Pick<Entry, 'rule' | 'isBound'>,
    assumed: ReadonlySet<string>,
  ): void {
    const conditions = conditionsOf(caller);
    const entry: Entry = { rule, isBound, conditions: conditions.length };
    for (const condition of conditions) {
      const number = this.#entries.push(entry) - 1;
      this.#addCondition(condition, number);
      if (assumed.has(condition.claim)) this.#assumed.add(number);
    }
  }

  #addCondition({ claim, equals, contains, exact }: ConditionDocument, condition: number): void {
    const index: ClaimIndex = this.#claims.get(claim) ?? {
      equals: new Map(),
      contains: new Map(),
      prefixes: [],
    };
    this.#claims.set(claim, index);
    if (contains !== undefined) append(index.contains, contains, condition);
    else if (typeof equals === 'string' && equals.endsWith('*') && exact !== true)
      index.prefixes.push({ prefix: equals.slice(0, -1), condition });
    else append(index.equals, equals, condition);
  }
}

export const conditionsOf = (caller: CallerDocument): readonly ConditionDocument[] =>
  'all' in caller ? caller.all : [caller];

/** The issuer that a caller condition names; `undefined`: none. */
export function issuerNamedBy(caller: CallerDocument): string | undefined {
  const named = conditionsOf(caller).find(
    ({ claim, equals }) => claim === 'iss' && typeof equals === 'string' && !equals.includes('*'),
  );
  return named?.equals as string | undefined;
}

/**
 * May it match callers whose tokens need no scope? It must name their issuer, and tell them from the issuer's others:
 * every token has the issuer and an audience, and whoever asks for a token chooses the audience.
 */
export const isBoundToIssuer = (caller: CallerDocument): boolean =>
  issuerNamedBy(caller) !== undefined && conditionsOf(caller).some(distinguishes);

const distinguishes = ({ claim, equals, exact }: ConditionDocument): boolean => {
  const [member] = claim.startsWith('/') ? pathOf(claim) : [claim];
  return member !== 'iss' && member !== 'aud' && (equals !== '*' || exact === true);
};

/** The value of a claim by its name, or by a JSON Pointer (RFC 6901); `undefined` when there is none. */
export function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return own(claims, name);
  return pathOf(name).reduce<unknown>(own, claims);
}

/** The members that a JSON Pointer goes through. */
export const pathOf = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  // RFC 6901 section 4: an array has members by their index, and no length.
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function collect({ equals, contains, prefixes }: ClaimIndex, value: unknown, met: Set<number>): void {
  for (const condition of equals.get(value) ?? []) met.add(condition);
  if (contains.size > 0) {
    for (const word of wordsOf(value)) for (const condition of contains.get(word) ?? []) met.add(condition);
  }
  if (typeof value === 'string') {
    for (const { prefix, condition } of prefixes) if (value.startsWith(prefix)) met.add(condition);
  }
}

function wordsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

function append<Key>(map: Map<Key, number[]>, key: Key, condition: number): void {
  const conditions = map.get(key);
  if (conditions === undefined) map.set(key, [condition]);
  else conditions.push(condition);
}
