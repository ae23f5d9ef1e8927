// `--issuers FILE` of the commands that decide requests: the issuers of the gateway, which say whose tokens need no scope.
import { readIssuersFile } from '../config/issuers-file.ts';
import { contentOfArgument } from '../policy/language/content-of.ts';
import type { KnownIssuer } from '../policy/language/issuer-checks.ts';

interface IssuersOption {
  /** Empty without the option. */
  readonly issuers: readonly KnownIssuer[];
  readonly faults: readonly string[];
}

export function readIssuersOption({
  issuers: file,
}: Readonly<Record<string, string | undefined>>): IssuersOption {
  if (file === undefined) return { issuers: [], faults: [] };
  const { issuers = [], faults = [] } = readIssuersFile(file, contentOfArgument(file));
  return { issuers, faults };
}
