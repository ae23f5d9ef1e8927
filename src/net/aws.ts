// The identifiers that a peering is described with. Each pattern accepts the vendor's contract; the region's is wider,
// since the contract's own cannot express regions of three words such as us-gov-west-1.

/** `AccountId` of the vendor's contract: an AWS account, 12 digits. */
export const accountIdPattern = /^\d{12}$/;

/** `VpcId` of the vendor's contract. */
export const vpcIdPattern = /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** `Region` of the vendor's contract, and AWS's partitions with a third word. */
export const regionPattern = /^[a-z]{2}(-[a-z]{2,16}){1,3}-\d{1,2}$/;

/** RFC 9562 section 4, in either case; `ClusterId` and `PeeringId` of the vendor's contract. */
export const uuidPattern = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
