// Whose tokens are accepted, from the `AUTH_…` settings or from the file that replaces them.
import type { IssuerConfig } from './config.ts';
import { loadIssuersFile } from './issuers-file.ts';
import type { Environment, SettingFault } from './load.ts';
import type { SettingValues } from './schema.ts';

/** What `AUTH_ISSUERS_FILE` replaces. */
const replaced = [
  'AUTH_ISSUERS',
  'AUTH_AUDIENCE',
  'AUTH_JWKS_URI',
  'AUTH_JWKS_FILE',
  'AUTH_ALGORITHMS',
  'AUTH_TOKEN_TYPE',
] as const;

/** Adds every fault to `faults`; the issuers count only if there is none. */
export function readIssuers(
  values: Partial<SettingValues>,
  environment: Environment,
  faults: SettingFault[],
): readonly IssuerConfig[] {
  const { AUTH_ISSUERS_FILE: file } = values;
  if (file === undefined) return issuersIn(values, environment, faults);
  for (const variable of replaced)
    if (environment[variable])
      faults.push({ variable, found: 'a value beside AUTH_ISSUERS_FILE', expected: 'one of the two' });
  const { issuers = [], faults: inFile = [] } = loadIssuersFile(file);
  for (const found of inFile)
    faults.push({ variable: 'AUTH_ISSUERS_FILE', found, expected: 'a file of issuers without faults' });
  return issuers;
}

const needed = {
  AUTH_ISSUERS: 'the issuers of access tokens, or a file of them in AUTH_ISSUERS_FILE',
  AUTH_AUDIENCE: 'the aud that a token must carry',
} as const;

function issuersIn(
  values: Partial<SettingValues>,
  environment: Environment,
  faults: SettingFault[],
): readonly IssuerConfig[] {
  for (const variable of ['AUTH_ISSUERS', 'AUTH_AUDIENCE'] as const)
    if (!environment[variable]) faults.push({ variable, found: 'nothing', expected: needed[variable] });
  const { AUTH_ISSUERS: issuers = [], AUTH_JWKS_URI: jwksUri, AUTH_JWKS_FILE: jwksFile } = values;
  for (const variable of ['AUTH_JWKS_URI', 'AUTH_JWKS_FILE'] as const) {
    if (values[variable] === undefined || issuers.length <= 1) continue;
    const found = `a value beside ${issuers.length} issuers`;
    faults.push({ variable, found, expected: 'a single issuer in AUTH_ISSUERS' });
  }
  if (jwksUri !== undefined && jwksFile !== undefined)
    faults.push({
      variable: 'AUTH_JWKS_FILE',
      found: 'a value beside AUTH_JWKS_URI',
      expected: 'one of the two',
    });
  return issuers.map((issuer) => ({
    issuer,
    audiences: values.AUTH_AUDIENCE,
    clients: undefined,
    scopes: 'required',
    jwksUri,
    jwksFile,
    algorithms: values.AUTH_ALGORITHMS ?? [],
    tokenType: values.AUTH_TOKEN_TYPE,
  }));
}
