// The identifiers that a peering is described with. Each pattern accepts the vendor's contract; the region's is wider,
// since the contract's own cannot express regions of three words such as us-gov-west-1.

/** `AccountId` of the vendor's contract: an AWS account, 12 digits. */
export const accountIdPattern = /^\d{12}$/;

/** `VpcId` of the vendor's contract. */
export const vpcIdPattern = /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** `CidrBlock` of the vendor's contract, which only counts digits. No decision depends on it. */
export const cidrBlockPattern = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/** Wider than `Region` of the vendor's contract: AWS has regions such as us-gov-west-1 and eusc-de-east-1, and will have more. */
export const regionPattern = /^[a-z]{2,8}(-[a-z]{2,16}){1,3}-\d{1,2}$/;

/** Regions of the partitions that AWS has today. Another one may be new, or mistyped. */
const knownPartitionPattern =
  /^(af|ap|ca|cn|eu|il|me|mx|sa|us|eu-isoe|eusc-de|us-gov|us-iso|us-isob|us-isof)-[a-z]+-\d{1,2}$/;

export const isOfKnownPartition = (region: string): boolean => knownPartitionPattern.test(region);

/** AWS's own id of a peering connection. */
export const connectionIdPattern = /^pcx-[0-9a-f]{8,17}$/;

/** RFC 9562 section 4, in either case; `ClusterId` and `PeeringId` of the vendor's contract. */
export const uuidPattern = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** The value, or `undefined` if it is no text of that form. */
export const formed = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;
