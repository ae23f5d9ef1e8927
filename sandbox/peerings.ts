// The peerings of a cluster as Aerospike Cloud and AWS move them along. A status is computed from the time handed in,
// never by a timer, so nothing happens behind a test's back and nothing has to be stopped.
import { randomBytes, randomUUID } from 'node:crypto';
import { awsRefuses } from './aws-network.ts';
import type { PeeringRequest } from './create-body.ts';

export type PeeringStatus =
  | 'initiating-request'
  | 'pending-acceptance'
  | 'not-operable'
  | 'provisioning'
  | 'active'
  | 'rejected'
  | 'expired'
  | 'failed'
  | 'deleting'
  | 'deleted';

export interface PeeringPace {
  /** From the create until AWS has been asked and `peeringId` is known. */
  readonly initiatingMs: number;
  /** From then until the caller's side accepts by itself; `never` waits for `accept`. */
  readonly acceptanceMs: number | 'never';
  readonly provisioningMs: number;
  readonly deletingMs: number;
  /** From the create until a peering that nobody accepted lapses. */
  readonly expiryMs: number;
}

export const vendorPace: PeeringPace = Object.freeze({
  initiatingMs: 2_000,
  acceptanceMs: 3_000,
  provisioningMs: 3_000,
  deletingMs: 2_000,
  expiryMs: 7 * 24 * 3_600_000,
});

export interface Peering {
  readonly id: string;
  readonly peeringId: string;
  readonly privateHostedZoneId: string;
  readonly request: PeeringRequest;
  readonly createdAt: number;
  readonly refusedByAws: boolean;
  acceptedAt?: number;
  deletedAt?: number;
  /** Set by a test that wants a status no pace leads to. */
  forced?: PeeringStatus;
}

export function createPeering(request: PeeringRequest, clusterBlock: string, now: number): Peering {
  return {
    id: randomUUID(),
    peeringId: `pcx-${randomBytes(9).toString('hex').slice(0, 17)}`,
    privateHostedZoneId: `Z${randomBytes(10).toString('hex').toUpperCase()}`,
    request,
    createdAt: now,
    refusedByAws: awsRefuses(request.cidrBlock, clusterBlock),
  };
}

export function statusOf(peering: Peering, pace: PeeringPace, now: number): PeeringStatus {
  if (peering.deletedAt !== undefined)
    return now < peering.deletedAt + pace.deletingMs ? 'deleting' : 'deleted';
  if (peering.forced !== undefined) return peering.forced;
  const askedAt = peering.createdAt + pace.initiatingMs;
  if (now < askedAt) return 'initiating-request';
  if (peering.refusedByAws) return 'failed';
  const byItself = pace.acceptanceMs === 'never' ? Number.POSITIVE_INFINITY : askedAt + pace.acceptanceMs;
  const acceptedAt = peering.acceptedAt ?? byItself;
  const expiresAt = peering.createdAt + pace.expiryMs;
  if (now < Math.min(acceptedAt, expiresAt)) return 'pending-acceptance';
  if (expiresAt <= acceptedAt) return 'expired';
  return now < acceptedAt + pace.provisioningMs ? 'provisioning' : 'active';
}

/** As the contract's `VPCPeeringSchema` has it; what AWS names is absent until AWS has been asked. */
export function renderPeering(peering: Peering, status: PeeringStatus): Record<string, unknown> {
  const { accountId, vpcId, region, cidrBlock, isSecureConnection } = peering.request;
  const known = status !== 'initiating-request';
  return {
    id: peering.id,
    accountId,
    vpcId,
    region,
    status,
    ...(known && { peeringId: peering.peeringId }),
    cidrBlock,
    ...(known && { privateHostedZoneId: peering.privateHostedZoneId }),
    isSecureConnection,
  };
}
