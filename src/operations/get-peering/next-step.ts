// What a caller has to do in AWS for a peering that waits to be accepted, or that is active, as commands that can be run as they are. Puts
// nothing into a command that is not of the exact form that AWS gives it.
import { accountIdPattern, connectionIdPattern, formed, regionPattern, vpcIdPattern } from '../../net/aws.ts';
import type { ListedPeering } from '../../upstream/peerings.ts';

interface Step {
  readonly description: string;
  /** For a POSIX shell with the AWS CLI (version 2) and credentials of the VPC's account. Omitted if a value is missing. */
  readonly command?: string;
}

export interface NextStep extends Step {
  /** When an unaccepted request lapses, RFC 3339; left out when the time of its create is not known. */
  readonly acceptBy?: string;
  /** What to do after the acceptance, in order. */
  readonly afterwards: readonly Step[];
}

const zonePattern = /^Z[A-Z0-9]{1,31}$/;

/** What is known besides the peering as it is listed. */
interface NextStepFacts {
  /** The cluster's own network, `a.b.c.d/p`. */
  readonly clusterBlock?: string | undefined;
  /** When the request lapses, RFC 3339. */
  readonly acceptBy?: string | undefined;
}

/** `undefined` when there is nothing to do in AWS, or not yet. */
export function nextStepFor(peering: ListedPeering, facts: NextStepFacts): NextStep | undefined {
  const following = stepsOnceAccepted(peering, facts.clusterBlock);
  if (peering.status === 'pending-acceptance') return { ...accept(peering, facts), afterwards: following };
  const [first, ...afterwards] = following;
  return peering.status === 'active' && first !== undefined ? { ...first, afterwards } : undefined;
}

function accept(peering: ListedPeering, { acceptBy }: NextStepFacts): Omit<NextStep, 'afterwards'> {
  const connection = formed(peering.peeringId, connectionIdPattern);
  const region = formed(peering.region, regionPattern);
  const vpc = formed(peering.vpcId, vpcIdPattern);
  const account = formed(peering.accountId, accountIdPattern);
  const where = account === undefined ? 'the AWS account of the VPC' : `AWS account ${account}`;
  const description = `Accept the peering request in ${where}. It lapses seven days after the create.`;
  const until = acceptBy === undefined ? {} : { acceptBy };
  if (connection === undefined || region === undefined || vpc === undefined) return { description, ...until };
  const command = `aws ec2 accept-vpc-peering-connection --region ${region} --vpc-peering-connection-id ${connection}`;
  return { description, command, ...until };
}

/** What makes the connection work once it is accepted, as far as the values for it are known. */
function stepsOnceAccepted(peering: ListedPeering, clusterBlock: string | undefined): Step[] {
  const connection = formed(peering.peeringId, connectionIdPattern);
  const region = formed(peering.region, regionPattern);
  const vpc = formed(peering.vpcId, vpcIdPattern);
  const zone = formed(peering['privateHostedZoneId'], zonePattern);
  if (connection === undefined || region === undefined || vpc === undefined) return [];
  return [
    ...(clusterBlock === undefined ? [] : [routes(region, vpc, connection, clusterBlock)]),
    ...(zone === undefined ? [] : [hostedZone(region, vpc, zone)]),
  ];
}

function routes(region: string, vpc: string, connection: string, clusterBlock: string): Step {
  const tables = `aws ec2 describe-route-tables --region ${region} --filters Name=vpc-id,Values=${vpc} --query 'RouteTables[].RouteTableId' --output text`;
  const route = `aws ec2 create-route --region ${region} --route-table-id "$table" --destination-cidr-block ${clusterBlock} --vpc-peering-connection-id ${connection}`;
  return {
    description:
      'Route the cluster through the peering: in every route table of the VPC, as the command does, or in those whose subnets need it.',
    command: `for table in $(${tables}); do ${route}; done`,
  };
}

const hostedZone = (region: string, vpc: string, zone: string): Step => ({
  description:
    'Let the VPC find the cluster by its name. The VPC needs DNS resolution and DNS hostnames switched on.',
  command: `aws route53 associate-vpc-with-hosted-zone --hosted-zone-id ${zone} --vpc VPCRegion=${region},VPCId=${vpc}`,
});
