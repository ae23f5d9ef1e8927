// Read one cluster, as the vendor's own clients do before they create a peering: one that a grant of the caller's covers.
import { passOn } from '../../pipeline/answer.ts';
import { forwardRead } from '../../pipeline/forward.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { parseClusterId, parseQuery } from '../../pipeline/request-faults.ts';
import { authorize } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';

interface ClusterTarget extends RequestTarget {
  readonly clusterId: string;
}

export const getCluster: ReadOperation<ClusterTarget, Authorized<ClusterTarget>> = {
  id: 'getClusterById',
  method: 'GET',
  route: '/database/clusters/{clusterId}',
  action: 'list',
  scope: 'list',
  eventPrefix: 'cluster.read',
  readsBody: false,

  parse({ params, query }, faults) {
    const clusterId = parseClusterId(params['clusterId'], faults);
    parseQuery(query, [], faults);
    return { clusterId };
  },

  authorize: (request, progress) => authorize('list', request, progress),

  async run(request, progress, services) {
    const path = `/database/clusters/${request.target.clusterId}`;
    return passOn(await forwardRead(request, { path }, progress, services));
  },
};
