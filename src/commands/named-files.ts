// The files that settings name, and those that the issuers and the policy name in turn.
import type { IssuerConfig } from '../config/config.ts';
import type { Environment } from '../config/load.ts';
import { keyFileProblem } from '../identity/key-source.ts';

interface NamedFile {
  readonly path: string;
  /** The setting that leads to it. */
  readonly variable: string;
  /** What names it, unless the setting does. */
  readonly from?: string;
}

/** The keys of issuers. */
export function keyFiles(environment: Environment, issuers: readonly IssuerConfig[]): NamedFile[] {
  const own = environment['AUTH_JWKS_FILE'];
  if (own) return [{ path: own, variable: 'AUTH_JWKS_FILE' }];
  return issuers.flatMap(({ issuer, jwksFile }) =>
    jwksFile === undefined
      ? []
      : [{ path: jwksFile, variable: 'AUTH_ISSUERS_FILE', from: `the issuer ${issuer}` }],
  );
}

/** One line for each that holds no keys, in the form of other faults of settings. */
export const keyFileFaults = (files: readonly NamedFile[]): string[] =>
  files.flatMap(({ path, variable, from }) => {
    const problem = keyFileProblem(path);
    const named = from === undefined ? '' : `, which ${from} names`;
    if (problem === undefined) return [];
    return [`${variable}: found ${problem} at ${JSON.stringify(path)}${named}; expected a JWK Set`];
  });
