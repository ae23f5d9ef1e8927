// The files that settings name, and those that the issuers and the policy name in turn.
import { dirname, join } from 'node:path';
import type { IssuerConfig } from '../config/config.ts';
import type { Environment } from '../config/load.ts';
import { type Setting, settings } from '../config/schema.ts';
import { keyFileProblem } from '../identity/key-source.ts';

export interface NamedFile {
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

/** All that are read. `lists`: by their names in the policy. */
export function filesRead(
  environment: Environment,
  keys: readonly NamedFile[],
  lists: readonly string[],
): NamedFile[] {
  const variables = Object.entries<Setting<unknown>>(settings).flatMap(([name, { secret }]) =>
    secret ? [`${name}_FILE`] : name.endsWith('_FILE') && name !== 'AUDIT_FILE' ? [name] : [],
  );
  const folder = dirname(environment['POLICY_FILE'] ?? '');
  return [
    ...variables.flatMap((variable) => {
      const path = environment[variable];
      return path ? [{ path, variable }] : [];
    }),
    ...keys,
    ...lists.map((name) => ({ path: join(folder, name), variable: 'POLICY_FILE', from: 'the policy' })),
  ];
}
