// Checks a create against the network just before it is sent, and refuses what AWS would refuse or what is there already.
// It may only refuse: what the policy denied never comes here.
import type { PipelineServices } from '../../pipeline/services.ts';
import { isOf } from '../../reconciliation/match-peering.ts';
import type { Parsed } from '../../request/request.ts';
import { isLive } from '../../upstream/peerings.ts';
import { refuseConflicts } from './conflicts.ts';
import type { CreateTarget } from './create-peering.ts';
import { refuseBeyondLimits, refusePeeredElsewhere } from './fleet-conflicts.ts';

/**
 * Resolves to the ids of listed peerings with the same five values, which this create cannot have made. Rejects with
 * `vpc-peered-already`, `cidr-overlap`, `vpc-peered-elsewhere`, `peering-limit` or `UpstreamRefused`, or with a 502, 503 or
 * 504 with `sent: no`.
 */
export async function preflight(
  request: Parsed<CreateTarget>,
  { network, clusterLock, fleet }: PipelineServices,
): Promise<readonly string[]> {
  // No policy with `maxPeerings` is loaded then.
  if (clusterLock === undefined) return [];
  const { target, requestId, stages } = request;
  return await stages.run('preflight', async () => {
    const { clusterId, peering } = target;
    const block = await network.clusterBlock(clusterId, requestId);
    const { entries: peerings } = await network.peerings(clusterId, requestId);
    const live = peerings.filter(isLive);
    refuseConflicts(request, block, live);
    refusePeeredElsewhere(request, block, fleet);
    refuseBeyondLimits(request, live.length, fleet);
    return peerings.filter((listed) => isOf(peering, listed)).map(({ id }) => id);
  });
}
