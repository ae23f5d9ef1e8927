// List the peerings of a cluster, page by page, so that a caller can follow its own. `limit` and `offset` are checked by
// the vendor's contract and passed on.
import type { Operation } from '../operation.ts';
import { Faults, parseClusterId, parseQuery } from '../parse.ts';

/** `LimitParam` and `OffsetParam` of the vendor's contract; the offset ends where whole numbers do in JSON. */
const bounds = {
  limit: { least: 1, most: 100, expected: 'must be a whole number from 1 to 100' },
  offset: { least: 0, most: Number.MAX_SAFE_INTEGER, expected: 'must be a whole number, 0 or more' },
} as const;
const wholeNumber = /^(0|[1-9]\d{0,15})$/;

type Page = { limit?: number; offset?: number };

export const listPeerings = (scope: string): Operation => ({
  kind: 'list',
  action: 'list',
  method: 'GET',
  route: '/database/clusters/{clusterId}/vpc-peerings',
  id: 'getVPCPeerings',
  scope,
  readsBody: false,
  events: { refused: 'peering.list.refused', outcome: 'peering.list.outcome' },
  parse({ clusterId: segment, query }) {
    const faults = new Faults();
    const clusterId = parseClusterId(segment, faults);
    const given = parseQuery(query, Object.keys(bounds), faults);
    const page: Page = {};
    for (const name of ['limit', 'offset'] as const) {
      const text = given.get(name);
      if (text === undefined) continue;
      const { least, most, expected } = bounds[name];
      const value = Number(text);
      if (wholeNumber.test(text) && value >= least && value <= most) page[name] = value;
      else faults.reject(`/${name}`, expected);
    }
    return faults.any() ? faults : { clusterId, page };
  },
  toUpstream({ clusterId, page = {} }, requestId) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(page)) query.set(name, String(value));
    return { method: 'GET', path: `/database/clusters/${clusterId}/vpc-peerings`, query, requestId };
  },
});
