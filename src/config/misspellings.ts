// Finds environment variables that look like settings but are none. A mistyped security setting that is silently
// ignored would leave the default in force without anybody noticing.
import { type SettingName, settings } from './schema.ts';

const names = Object.keys(settings) as SettingName[];

/** Prefixes that are ours, and words that no other software is likely to use at the beginning of a variable. */
const prefixes = [
  'ADMIN_',
  'AEROSPIKE_',
  'AUDIT_',
  'AUTH_',
  'BASE_PATH',
  'FLEET_',
  'IDEMPOTENCY_',
  'MAX_IN',
  'POLICY_',
  'PREFLIGHT',
  'RATE_LIMIT',
  'SHUTDOWN_',
  'TLS_',
  'TRUST_PROX',
  'UPSTREAM_',
];

/** Kubernetes puts these into every container for every Service of the namespace, whatever the Service is called. */
const serviceLink = /_SERVICE_(HOST|PORT(_.+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

export interface Misspelling {
  readonly variable: string;
  readonly likely: string;
}

export function findMisspellings(environment: Readonly<Record<string, string | undefined>>): Misspelling[] {
  const known = new Set<string>(
    names.flatMap((name) => (settings[name].secret ? [name, `${name}_FILE`] : [name])),
  );
  return Object.keys(environment)
    .filter((variable) => prefixes.some((prefix) => variable.startsWith(prefix)))
    .filter((variable) => !known.has(variable) && !serviceLink.test(variable))
    .sort()
    .map((variable) => ({ variable, likely: nearest(variable, [...known]) }));
}

function nearest(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((candidate) => ({ candidate, distance: distanceOf(word, candidate) }));
  return ranked.reduce((best, next) => (next.distance < best.distance ? next : best)).candidate;
}

/** What was left off or added at the end weighs less than another word: RATE_LIMIT is nearer to RATE_LIMIT_PER_MINUTE. */
function distanceOf(word: string, candidate: string): number {
  const begun = candidate.startsWith(word) || word.startsWith(candidate);
  return editDistance(word, candidate) / (begun ? 10 : 1);
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      const replaced = (row[j] as number) + (left === right ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
