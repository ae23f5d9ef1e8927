// A fleet such as a company has after a year: 12 clusters, about 150 peerings, and each kind of finding at least once. Always
// the same, except for the ids that the sandbox gives.
import type { AerospikeCloud } from './aerospike-cloud.ts';
import { type Cluster, sandboxClusters } from './clusters.ts';
import type { PeeringRequest } from './create-body.ts';
import type { PeeringStatus } from './peerings.ts';

export interface FleetPeering {
  readonly clusterId: string;
  readonly request: PeeringRequest;
  readonly status: PeeringStatus;
  /** `console`: made in the vendor's console, so no record of the gateway has it. */
  readonly madeBy: 'gateway' | 'console';
}

/** Creates one peering through the gateway and gives its id. */
export type CreatePeering = (clusterId: string, request: PeeringRequest) => Promise<string>;

const clusterId = (number: number) => `3c9e5a70-1d2b-4c8f-9e00-${number.toString(16).padStart(12, '0')}`;
const cluster = (number: number, name: string, cidrBlock: string): Cluster => ({
  id: clusterId(number),
  name,
  cidrBlock,
  networkId: `vpc-0c1d57e2${number.toString(16).padStart(9, '0')}`,
});

/** The block that every cluster gets unless it asks for another. */
const defaultBlock = '10.128.0.0/19';

/** Clusters of the default block: a VPC can be peered with one of them only. */
const sharing: readonly Cluster[] = [
  sandboxClusters[0] as Cluster,
  cluster(1, 'sessions', defaultBlock),
  cluster(2, 'recommendations', defaultBlock),
  cluster(3, 'qa', defaultBlock),
];

/** Clusters with a block of their own. */
const separate: readonly Cluster[] = [
  sandboxClusters[1] as Cluster,
  cluster(4, 'payments-eu', '10.132.0.0/19'),
  cluster(5, 'fraud-scoring', '10.134.0.0/19'),
  cluster(6, 'catalog', '10.136.0.0/19'),
  cluster(7, 'ad-profiles', '10.138.0.0/19'),
  cluster(8, 'ledger', '10.140.0.0/19'),
  cluster(9, 'telemetry', '10.142.0.0/19'),
  cluster(10, 'search-index', '10.142.32.0/19'),
];

export const fleetClusters: readonly Cluster[] = [...sharing, ...separate];

const accounts = ['111122223333', '444455556666', '222233334444', '555566667777', '777788889999'];
const regions = ['us-east-1', 'eu-west-1', 'us-west-2'];
const prefixes = [20, 18, 22, 21, 24, 19];

/** The VPC of a team; each has six, in two /16 networks of the team. */
function vpc(team: number, number: number): PeeringRequest {
  const network = team === 9 ? `172.${20 + (number >> 2)}` : `10.${20 + 2 * team + (number >> 2)}`;
  return {
    vpcId: `vpc-0${(0xa3f10c2 + 7919 * (6 * team + number)).toString(16).padStart(16, '5')}`,
    cidrBlock: `${network}.${64 * (number & 3)}.0/${prefixes[number]}`,
    accountId: accounts[team >> 1] ?? '',
    region: regions[team % 3] ?? '',
    isSecureConnection: true,
  };
}

const pick = (clusters: readonly Cluster[], number: number): string =>
  clusters[number % clusters.length]?.id ?? '';

/** What the gateway allowed: each VPC with a cluster of the default block and with one or two others. */
function regularPeerings(): FleetPeering[] {
  const made = (clusterId: string, request: PeeringRequest, status: PeeringStatus = 'active') =>
    ({ clusterId, request, status, madeBy: 'gateway' }) as const;
  const teams = Array.from({ length: 10 }, (_, team) => team);
  const all = teams.flatMap((team) =>
    prefixes.flatMap((_, number) => [
      made(pick(sharing, team), vpc(team, number)),
      made(pick(separate, team + 3 * (number % 2)), vpc(team, number)),
      ...(number % 3 === 0 ? [made(pick(separate, team + 5), vpc(team, number))] : []),
    ]),
  );
  const late: Readonly<Record<number, PeeringStatus>> = {
    9: 'pending-acceptance',
    31: 'pending-acceptance',
    64: 'provisioning',
    77: 'expired',
    90: 'pending-acceptance',
    118: 'rejected',
    126: 'deleting',
  };
  return all.map((peering, index) => ({ ...peering, status: late[index] ?? peering.status }));
}

/** What the gateway would have refused. */
function strayPeerings(): FleetPeering[] {
  const made = (
    clusterId: string,
    request: Partial<PeeringRequest>,
    status: PeeringStatus = 'active',
    vpcId = 'vpc-0badc0de',
  ): FleetPeering => ({
    clusterId,
    request: { ...vpc(0, 0), vpcId, ...request },
    status,
    madeBy: 'console',
  });
  const at = (name: string) => fleetClusters.find((one) => one.name === name)?.id ?? '';
  return [
    made(at('analytics'), { cidrBlock: '10.20.0.0/17' }),
    made(at('ledger'), { cidrBlock: '10.140.16.0/22' }, 'active', 'vpc-0badc1de'),
    made(at('sessions'), vpc(0, 1), 'active', vpc(0, 1).vpcId),
    made(at('catalog'), { cidrBlock: '192.168.40.0/24' }, 'active', 'vpc-0badc2de'),
    made(at('telemetry'), { cidrBlock: '10.60.0.0/16', region: 'ap-southeast-1' }, 'active', 'vpc-0badc3de'),
    made(at('qa'), { cidrBlock: '10.99.4.0/22' }, 'active', 'vpc-0badc4de'),
    made(at('qa'), { cidrBlock: '10.40.12.0/30', accountId: '123412341234' }, 'failed', 'vpc-0badc5de'),
    made(at('payments-eu'), { cidrBlock: '10.61.0.0/20' }, 'pending-acceptance', 'vpc-0badc6de'),
    made(at('fraud-scoring'), { cidrBlock: '10.62.0.0/20' }, 'active', 'vpc-0badc7de'),
  ];
}

export const fleetPeerings: readonly FleetPeering[] = [...regularPeerings(), ...strayPeerings()];

/** Rejects when the gateway refuses one of the creates that it should allow. */
export async function fillFleet(cloud: AerospikeCloud, create: CreatePeering): Promise<void> {
  for (const { clusterId, request, status, madeBy } of fleetPeerings) {
    if (madeBy === 'console') cloud.addPeering(clusterId, request, status);
    else cloud.setStatus(await create(clusterId, request), status);
  }
}
