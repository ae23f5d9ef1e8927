// Delete a peering that the caller may delete: one whose cluster, account and region a grant of the caller's covers. Where it
// lies is for Aerospike Cloud's list to say, never for the caller.
import type { Operation } from '../operation.ts';
import { Faults, parseClusterId, parsePeeringId, parseQuery } from '../parse.ts';

export const deletePeering = (scope: string): Operation => ({
  kind: 'delete',
  action: 'delete',
  method: 'DELETE',
  route: '/database/clusters/{clusterId}/vpc-peerings/{peeringId}',
  id: 'deleteVPCPeerings',
  scope,
  readsBody: false,
  events: {
    refused: 'peering.delete.refused',
    intent: 'peering.delete.intent',
    outcome: 'peering.delete.outcome',
  },
  parse({ clusterId: cluster, peeringId: peering, query }) {
    const faults = new Faults();
    const clusterId = parseClusterId(cluster, faults);
    const peeringId = parsePeeringId(peering, faults);
    parseQuery(query, [], faults);
    return faults.any() ? faults : { clusterId, peeringId };
  },
  toUpstream({ clusterId, peeringId }, requestId) {
    if (peeringId === undefined) throw new Error('a delete without its peering');
    return { method: 'DELETE', path: `/database/clusters/${clusterId}/vpc-peerings/${peeringId}`, requestId };
  },
});
