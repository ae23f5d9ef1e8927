// The accounts that a token proves (`accounts: { fromClaim: … }`). A missing or malformed claim proves none.
import { accountIdPattern } from '../../net/aws.ts';
import { claimAt } from './callers.ts';
import type { Claims } from './decision.ts';
import { type Limits, withAccounts } from './limits.ts';
import type { GrantData } from './policy-data.ts';

/** `name`: of the claim, or a JSON Pointer to it. Its value must be one account, or an array of nothing but accounts. */
export function accountsIn(claims: Claims, name: string): readonly string[] {
  const value = claimAt(claims, name);
  const accounts: unknown[] = Array.isArray(value) ? value : [value];
  return accounts.every(isAccount) ? accounts : [];
}

const isAccount = (value: unknown): value is string =>
  typeof value === 'string' && accountIdPattern.test(value);

/** The grant's limits as they are for this caller. */
export function limitsFor(
  { limits, data }: { readonly limits: Limits; readonly data: GrantData },
  claims: Claims,
): Limits {
  const name = data.accountsFromClaim;
  if (name === undefined) return limits;
  const accounts = accountsIn(claims, name);
  const source =
    accounts.length === 0
      ? `The token's claim ${name} proves no account.`
      : `Allowed by the token's claim ${name}: ${accounts.slice(0, 20).join(', ')}.`;
  return withAccounts(limits, accounts, source);
}
