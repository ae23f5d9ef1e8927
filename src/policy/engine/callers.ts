// Finds the rules that match a caller, by looking up the claims that rules ask for. The time does not grow with the number
// of rules, but for those that match by a prefix. Only a claim of the token's own counts, never an inherited property.

import type { CallerDocument } from '../language/document.ts';
import type { Claims } from './decision.ts';

interface ClaimIndex {
  readonly equals: Map<unknown, number[]>;
  readonly contains: Map<string, number[]>;
  readonly prefixes: { readonly prefix: string; readonly rule: number }[];
}

/** Rules by the callers that they are for. */
export class CallerIndex<Rule extends { readonly callers: readonly CallerDocument[] }> {
  readonly #rules: readonly Rule[];
  readonly #claims = new Map<string, ClaimIndex>();
  readonly #always: ReadonlySet<number>;

  /** `always`: the rules that match whoever asks. */
  constructor(rules: readonly Rule[], always: ReadonlySet<number> = new Set()) {
    this.#rules = rules;
    this.#always = always;
    for (const [index, { callers }] of rules.entries())
      for (const caller of callers) this.#add(caller, index);
  }

  /** The claims that any rule asks for, by name or JSON Pointer. */
  claims(): readonly string[] {
    return [...this.#claims.keys()];
  }

  /** The rules that match the caller, in their order. Never throws. */
  match(claims: Claims): Rule[] {
    const found = new Set(this.#always);
    for (const [name, index] of this.#claims) {
      const value = claimAt(claims, name);
      if (value !== undefined) collect(index, value, found);
    }
    return [...found].sort((a, b) => a - b).map((rule) => this.#rules[rule] as Rule);
  }

  /** The same rules, as they match when these claims have whatever values the rules ask for. */
  assuming(names: readonly string[]): CallerIndex<Rule> {
    const always = this.#rules.flatMap(({ callers }, rule) =>
      callers.some(({ claim }) => names.includes(claim)) ? [rule] : [],
    );
    return new CallerIndex(this.#rules, new Set(always));
  }

  #add({ claim, equals, contains }: CallerDocument, rule: number): void {
    const index: ClaimIndex = this.#claims.get(claim) ?? {
      equals: new Map(),
      contains: new Map(),
      prefixes: [],
    };
    this.#claims.set(claim, index);
    if (contains !== undefined) append(index.contains, contains, rule);
    else if (typeof equals === 'string' && equals.endsWith('*')) {
      index.prefixes.push({ prefix: equals.slice(0, -1), rule });
    } else append(index.equals, equals, rule);
  }
}

/** The value of a claim by its name, or by a JSON Pointer (RFC 6901); `undefined` when there is none. */
export function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return own(claims, name);
  const parts = name.slice(1).split('/');
  return parts.reduce<unknown>(
    (value, part) => own(value, part.replaceAll('~1', '/').replaceAll('~0', '~')),
    claims,
  );
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  // RFC 6901 section 4: an array has members by their index, and no length.
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function collect({ equals, contains, prefixes }: ClaimIndex, value: unknown, found: Set<number>): void {
  for (const rule of equals.get(value) ?? []) found.add(rule);
  if (contains.size > 0) {
    for (const word of wordsOf(value)) for (const rule of contains.get(word) ?? []) found.add(rule);
  }
  if (typeof value === 'string') {
    for (const { prefix, rule } of prefixes) if (value.startsWith(prefix)) found.add(rule);
  }
}

function wordsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

function append<Key>(map: Map<Key, number[]>, key: Key, rule: number): void {
  const rules = map.get(key);
  if (rules === undefined) map.set(key, [rule]);
  else rules.push(rule);
}
