// Finds environment variables that look like settings but are none. A likely misspelling is distinguished from a variable of
// other software: a mistyped security setting must not leave its default in force unnoticed.
import { nearest } from './nearest-word.ts';
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
  'REDIS_',
  'SHUTDOWN_',
  'TLS_',
  'TRUST_PROX',
  'UPSTREAM_',
];

/** Kubernetes puts these into every container for every Service of the namespace, whatever the Service is called. */
const serviceLink = /_SERVICE_(HOST|PORT(_.+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** A word that is further away is another word. */
const maxDistance = 2;

interface UnknownVariable {
  readonly variable: string;
  /** The setting that was probably meant; `undefined`: the variable belongs to other software. */
  readonly likely: string | undefined;
}

export function findUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): UnknownVariable[] {
  const spellings = names.map((name) => (settings[name].secret ? [name, `${name}_FILE`] : [name]));
  const known = new Set<string>(spellings.flat());
  const unset = spellings.filter((group) => group.every((name) => !environment[name])).flat();
  return Object.keys(environment)
    .filter((variable) => prefixes.some((prefix) => variable.startsWith(prefix)))
    .filter((variable) => !known.has(variable) && !serviceLink.test(variable))
    .sort()
    .map((variable) => ({ variable, likely: nearest(variable, unset, maxDistance) }));
}
