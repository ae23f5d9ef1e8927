// Lists the peerings of a cluster, one page per request. `limit` and `offset` are validated and passed on.
import { passOn } from '../../pipeline/answer.ts';
import { forwardRead } from '../../pipeline/forward.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { type Page, parseClusterId, parsePage, parseQuery } from '../../pipeline/request-faults.ts';
import { authorize } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';

interface ListTarget extends RequestTarget {
  readonly clusterId: string;
  readonly page: Page;
}

export const listPeerings: ReadOperation<ListTarget, Authorized<ListTarget>> = {
  id: 'getVPCPeerings',
  method: 'GET',
  route: '/database/clusters/{clusterId}/vpc-peerings',
  action: 'list',
  scope: 'list',
  eventPrefix: 'peering.list',
  readsBody: false,

  parse({ params, query }, faults) {
    const clusterId = parseClusterId(params['clusterId'], faults);
    const page = parsePage(parseQuery(query, ['limit', 'offset'], faults), faults);
    return { clusterId, page };
  },

  authorize: (request, progress) => authorize('list', request, progress),

  async run(request, progress, services) {
    const { clusterId, page } = request.target;
    const path = `/database/clusters/${clusterId}/vpc-peerings`;
    return passOn(await forwardRead(request, { path, query: { ...page } }, progress, services));
  },
};
