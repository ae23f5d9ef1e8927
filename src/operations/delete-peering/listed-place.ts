// The account, region, VPC and block of a listed peering, for the policy decision on a delete and for its record. Accepts only
// values of the exact form that AWS gives them, so that nothing else gets from a list into a record.
import { accountIdPattern, regionPattern, vpcIdPattern } from '../../net/aws.ts';
import type { ListedPlace } from '../../request/request.ts';
import type { ListedPeering } from '../../upstream/peerings.ts';

/** `CidrBlock` of the vendor's contract, which only counts digits. No decision depends on it. */
const blockPattern = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/** `undefined` if the list lacks the account or the region. */
export function placeOf(listed: ListedPeering): ListedPlace | undefined {
  const accountId = formed(listed.accountId, accountIdPattern);
  const region = formed(listed.region, regionPattern);
  if (accountId === undefined || region === undefined) return undefined;
  const vpcId = formed(listed.vpcId, vpcIdPattern);
  return { vpcId, cidrBlock: formed(listed.cidrBlock, blockPattern), accountId, region };
}

/** The value, or `undefined` if it does not match. */
export const formed = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;
