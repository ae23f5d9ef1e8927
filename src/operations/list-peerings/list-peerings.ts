// Lists the peerings of a cluster, one page per request. `limit` and `offset` are validated and passed on.
import { passOn } from '../../pipeline/answer.ts';
import { forwardRead } from '../../pipeline/forward.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { Faults, parseClusterId, parseQuery } from '../../pipeline/request-faults.ts';
import { authorize } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';

interface ListTarget extends RequestTarget {
  readonly clusterId: string;
  readonly page: Page;
}

type Page = { limit?: number; offset?: number };

/** `LimitParam` and `OffsetParam` of the vendor's contract; the offset ends where whole numbers do in JSON. */
const bounds = {
  limit: { min: 1, max: 100, expected: 'must be a whole number from 1 to 100' },
  offset: { min: 0, max: Number.MAX_SAFE_INTEGER, expected: 'must be a whole number, 0 or more' },
} as const;
const wholeNumber = /^(0|[1-9]\d{0,15})$/;

export const listPeerings: ReadOperation<ListTarget, Authorized<ListTarget>> = {
  id: 'getVPCPeerings',
  method: 'GET',
  route: '/database/clusters/{clusterId}/vpc-peerings',
  action: 'list',
  scope: 'list',
  events: 'peering.list',
  readsBody: false,

  parse({ params, query }) {
    const faults = new Faults();
    const clusterId = parseClusterId(params['clusterId'], faults);
    const given = parseQuery(query, Object.keys(bounds), faults);
    const page: Page = {};
    for (const name of ['limit', 'offset'] as const) {
      const text = given.get(name);
      if (text === undefined) continue;
      const { min, max, expected } = bounds[name];
      const value = Number(text);
      if (wholeNumber.test(text) && value >= min && value <= max) page[name] = value;
      else faults.reject(`/${name}`, expected);
    }
    return faults.any() ? faults : { clusterId, page };
  },

  authorize: (request, progress) => authorize('list', request, progress),

  async run(request, progress, services) {
    const { clusterId, page } = request.target;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(page)) query.set(name, String(value));
    const path = `/database/clusters/${clusterId}/vpc-peerings`;
    return passOn(await forwardRead(request, { path, query }, progress, services));
  },
};
