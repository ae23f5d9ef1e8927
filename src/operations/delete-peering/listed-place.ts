// The account, region, VPC and block of a listed peering, for the policy decision on a delete and for its record. Accepts only
// values of the exact form that AWS gives them, so that nothing else gets from a list into a record.
import { accountIdPattern, cidrBlockPattern, formed, regionPattern, vpcIdPattern } from '../../net/aws.ts';
import type { ListedPlace } from '../../request/request.ts';
import type { ListedPeering } from '../../upstream/peerings.ts';

/** `undefined` if the list lacks the account or the region. */
export function placeOf(listed: ListedPeering): ListedPlace | undefined {
  const accountId = formed(listed.accountId, accountIdPattern);
  const region = formed(listed.region, regionPattern);
  if (accountId === undefined || region === undefined) return undefined;
  const vpcId = formed(listed.vpcId, vpcIdPattern);
  return { vpcId, cidrBlock: formed(listed.cidrBlock, cidrBlockPattern), accountId, region };
}
