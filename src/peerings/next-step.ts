// What a caller has to do in AWS for a peering that waits to be accepted, as commands that can be run as they are. Puts
// nothing into a command that is not of the exact form that AWS gives it.
import { regionPattern, vpcIdPattern } from '../net/aws.ts';
import type { ListedPeering } from '../upstream/peerings.ts';

export interface Step {
  readonly description: string;
  /** For a shell with the AWS CLI and the credentials of the VPC's account. */
  readonly command: string;
}

export interface NextStep extends Step {
  /** What makes the connection work once it is accepted. */
  readonly afterwards: readonly Step[];
}

const connectionPattern = /^pcx-[0-9a-f]{8,17}$/;
const zonePattern = /^Z[A-Z0-9]{1,31}$/;

/** `clusterBlock`: the cluster's own network, `a.b.c.d/p`. `undefined` when there is nothing to do, or not yet. */
export function nextStepFor(peering: ListedPeering, clusterBlock: string | undefined): NextStep | undefined {
  const { status, peeringId = '', region = '', vpcId = '', accountId, privateHostedZoneId } = peering;
  const known = connectionPattern.test(peeringId) && regionPattern.test(region) && vpcIdPattern.test(vpcId);
  if (status !== 'pending-acceptance' || !known) return undefined;
  const zone = typeof privateHostedZoneId === 'string' && zonePattern.test(privateHostedZoneId);
  return {
    description: `Accept the peering in AWS account ${accountId ?? 'of the VPC'}. The request lapses seven days after the create.`,
    command: `aws ec2 accept-vpc-peering-connection --region ${region} --vpc-peering-connection-id ${peeringId}`,
    afterwards: [
      ...(clusterBlock === undefined
        ? []
        : [
            {
              description:
                'Route the cluster through the peering, in every route table of the VPC whose subnets need it.',
              command: `aws ec2 create-route --region ${region} --route-table-id "$ROUTE_TABLE_ID" --destination-cidr-block ${clusterBlock} --vpc-peering-connection-id ${peeringId}`,
            },
          ]),
      ...(zone
        ? [
            {
              description: 'Let the VPC find the cluster by its name.',
              command: `aws route53 associate-vpc-with-hosted-zone --hosted-zone-id ${privateHostedZoneId} --vpc VPCRegion=${region},VPCId=${vpcId}`,
            },
          ]
        : []),
    ],
  };
}
