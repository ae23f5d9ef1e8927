// List the clusters that a grant of the caller's covers, and no other. The whole list is read and filtered first, so that
// pages and totals tell nothing of the rest.
import { answerFromList, passOn } from '../../pipeline/answer.ts';
import { recordRead } from '../../pipeline/forward.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { type Page, parsePage, parseQuery, statusPattern } from '../../pipeline/request-faults.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { authorize, decideFor } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';
import { readClusters } from '../../upstream/clusters.ts';
import { UpstreamRefused } from '../../upstream/upstream-refused.ts';

interface ClustersTarget extends RequestTarget {
  readonly page: Required<Page>;
  /** Statuses that the caller does not want (`status_ne`). */
  readonly exceptStatuses: readonly string[];
}

/** `LimitParam` of the vendor's contract. */
const defaultLimit = 10;
const maxStatuses = 20;

export const listClusters: ReadOperation<ClustersTarget, Authorized<ClustersTarget>> = {
  id: 'listClusters',
  method: 'GET',
  route: '/database/clusters',
  action: 'list',
  scope: 'list',
  eventPrefix: 'cluster.read',
  readsBody: false,

  parse({ query }, faults) {
    const given = parseQuery(query, ['status_ne', 'limit', 'offset'], faults);
    const exceptStatuses = given.get('status_ne')?.split(',') ?? [];
    const isList = exceptStatuses.every((status) => statusPattern.test(status));
    if (
      !isList ||
      new Set(exceptStatuses).size < exceptStatuses.length ||
      exceptStatuses.length > maxStatuses
    )
      faults.reject('/status_ne', 'must be different cluster statuses, separated by commas');
    const page = { limit: defaultLimit, offset: 0, ...parsePage(given, faults) };
    return { page, exceptStatuses };
  },

  /** By the action alone: which clusters there are is not known yet. */
  authorize: (request, progress) => authorize('list', request, progress),

  async run(request, progress, services) {
    const { page, exceptStatuses } = request.target;
    const query = exceptStatuses.length === 0 ? {} : { status_ne: exceptStatuses.join(',') };
    const read = await recordRead(request, progress, services, () =>
      readAll(services, { query, requestId: request.requestId, isExact: true }),
    );
    if ('answer' in read) return passOn(read.answer);
    const visible = read.clusters.filter(
      ({ id }) => decideFor(request, 'list', { clusterId: id.toLowerCase() }).effect === 'allow',
    );
    const { limit, offset } = page;
    const clusters = visible.slice(offset, offset + limit);
    const body = { count: clusters.length, meta: { total: visible.length, limit, offset }, clusters };
    return answerFromList(200, body, read.requestId);
  },
};

/** All clusters, or the 4xx with which Aerospike Cloud refused the list. */
async function readAll({ upstream }: PipelineServices, request: Parameters<typeof readClusters>[1]) {
  try {
    const { entries, requestId } = await readClusters(upstream, request);
    return { status: 200, requestId, clusters: entries };
  } catch (error) {
    if (!(error instanceof UpstreamRefused)) throw error;
    const { answer } = error;
    return { status: answer.status, requestId: answer.requestId, answer };
  }
}
