// What is wrong, or worth a warning, with how rules name the issuers of their callers.
import { memberOf } from '../../net/json.ts';
import { conditionsOf, isBoundToIssuer, issuerNamedBy } from '../engine/callers.ts';
import type { Claims } from '../engine/decision.ts';
import type { PolicyData, PolicyFault } from '../engine/policy-data.ts';
import type { CallerDocument } from './caller-document.ts';
import { rulesIn } from './cross-checks.ts';
import type { Path, Places } from './place.ts';

/** An issuer whose tokens are accepted. `none`: its tokens need no scope. */
export interface KnownIssuer {
  readonly issuer: string;
  readonly scopes: 'required' | 'none';
}

/** Is the token of these claims from an issuer whose tokens need no scope? */
export const needsNoScope = ({ iss }: Claims, issuers: readonly KnownIssuer[]): boolean =>
  issuers.some(({ issuer, scopes }) => issuer === iss && scopes === 'none');

/** Any other issuer could send the account that a claim is to prove. Looks at what the text says, as `cross-checks.ts` does. */
export const callersWithoutIssuer = (raw: unknown, places: Places): PolicyFault[] =>
  rulesIn(raw, 'grants').flatMap((grant, index) => {
    const callers = memberOf(grant, 'callers');
    if (memberOf(memberOf(grant, 'accounts'), 'fromClaim') === undefined || !Array.isArray(callers))
      return [];
    return callers.flatMap((caller: unknown, at) =>
      isWellFormed(caller) && issuerNamedBy(caller) === undefined
        ? [places.at(['grants', index, 'callers', at], mustName)]
        : [],
    );
  });

const mustName =
  'must name its issuer, with { claim: iss, equals: URL } inside all: the accounts come from a claim of the token';

/** Another fault tells of one that is not. */
function isWellFormed(caller: unknown): caller is CallerDocument {
  const all = memberOf(caller, 'all');
  const conditions: readonly unknown[] = Array.isArray(all) ? all : [caller];
  return conditions.every((condition) => typeof memberOf(condition, 'claim') === 'string');
}

/** Of a policy without a fault. */
export function warnAboutIssuers(
  { grants, exceptions }: PolicyData,
  places: Places,
  issuers: readonly KnownIssuer[],
): PolicyFault[] {
  const withoutScopes = new Set(issuers.flatMap(({ issuer, scopes }) => (scopes === 'none' ? issuer : [])));
  const warnAt = (path: Path, callers: readonly CallerDocument[]) =>
    callers.flatMap((caller, at) => {
      const warning = warningAbout(caller, issuers.length, withoutScopes);
      return warning === undefined ? [] : [places.at([...path, 'callers', at], warning)];
    });
  return [
    ...(grants ?? []).flatMap(({ callers }, index) => warnAt(['grants', index], callers)),
    ...exceptions.flatMap(({ callers }, index) => warnAt(['exceptions', index], callers)),
  ];
}

function warningAbout(
  caller: CallerDocument,
  issuerCount: number,
  withoutScopes: ReadonlySet<string>,
): string | undefined {
  const named = issuerNamedBy(caller);
  if (named === undefined)
    return issuerCount > 1
      ? `names none of the ${issuerCount} issuers: it matches tokens of each`
      : undefined;
  if (withoutScopes.has(named) && !isBoundToIssuer(caller))
    return `matches nobody: tokens of ${named} need no scope, so ${demand(caller)}`;
  return undefined;
}

const demand = (caller: CallerDocument): string =>
  conditionsOf(caller).length === 1
    ? 'all must add another condition'
    : 'all must add a condition on another claim than iss and aud';
