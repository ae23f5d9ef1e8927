// The part of a caller's claims that goes into an audit record: those that the policy asks for, cut to a bounded size, so
// that a decision can be understood, and made again under another policy. The token itself cannot be made from them.
import { claimAt, pathOf } from './callers.ts';
import type { Policy } from './compile.ts';
import type { Claims } from './decision.ts';

const maxWords = 100;
const maxText = 500;

/**
 * Keyed as the policy names them: by name, or by JSON Pointer; `null` says that the token had no such claim, or none of a
 * form that a policy can match. `undefined` when the policy asks for none.
 */
export function claimsFor(policy: Policy, claims: Claims): Claims | undefined {
  if (policy.claims.length === 0) return undefined;
  return Object.fromEntries(policy.claims.map((name) => [name, bounded(claimAt(claims, name)) ?? null]));
}

function bounded(value: unknown): string | number | boolean | readonly string[] | undefined {
  if (typeof value === 'string') return cut(value);
  // A number that not every reader of JSON takes for the same one is recorded as text.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value);
  if (typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((word) => typeof word === 'string');
  // An array of accounts with anything else in it proves none, also when it is read back.
  const marked = texts.length === value.length ? texts : ['', ...texts];
  return marked.slice(0, maxWords).map(cut);
}

/** What half a character is left of becomes the replacement character. */
const cut = (text: string): string => text.slice(0, maxText).toWellFormed();

/** May the token have had more in this claim than its record has? */
export const mayBeCut = (recorded: unknown): boolean =>
  Array.isArray(recorded)
    ? recorded.length >= maxWords || recorded.some(mayBeCut)
    : typeof recorded === 'string' && recorded.length >= maxText;

/** The claims that a record has, in the form in which a policy looks them up. */
export function claimsFromRecord(recorded: Claims): Claims {
  const claims: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(recorded)) {
    if (value === null) continue;
    put(claims, name.startsWith('/') ? pathOf(name) : [name], value);
  }
  return claims;
}

function put(target: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return;
  // A claim called __proto__ must become a member like any other.
  const define = (member: unknown) =>
    Object.defineProperty(target, key, {
      value: member,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  if (rest.length === 0) {
    define(value);
    return;
  }
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const object = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  define(object);
  put(object, rest, value);
}
