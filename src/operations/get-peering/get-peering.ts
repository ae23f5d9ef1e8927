// One peering, found in Aerospike Cloud's list, and if the caller wants so not before it is active or cannot become so any
// more. The vendor's contract has no such operation; scope and records are the list's.
import type { Operation } from '../operation.ts';
import { Faults, parseClusterId, parsePeeringId, parseQuery } from '../parse.ts';

/** Interface, section 3. */
const longestWaitSeconds = 300;
const defaultWaitSeconds = 30;

export const getPeering = (scope: string): Operation => ({
  kind: 'get',
  action: 'list',
  method: 'GET',
  route: '/database/clusters/{clusterId}/vpc-peerings/{peeringId}',
  id: 'getVPCPeering',
  scope,
  readsBody: false,
  events: { refused: 'peering.list.refused', outcome: 'peering.list.outcome' },
  parse({ clusterId: cluster, peeringId: peering, query }) {
    const faults = new Faults();
    const clusterId = parseClusterId(cluster, faults);
    const peeringId = parsePeeringId(peering, faults);
    const waitMs = parseWait(query, faults);
    if (faults.any()) return faults;
    return { clusterId, peeringId, ...(waitMs === undefined ? {} : { waitMs }) };
  },
  toUpstream({ clusterId }, requestId) {
    return { method: 'GET', path: `/database/clusters/${clusterId}/vpc-peerings`, requestId };
  },
});

function parseWait(query: URLSearchParams, faults: Faults): number | undefined {
  const given = parseQuery(query, ['wait', 'timeoutSeconds'], faults);
  const wait = given.get('wait');
  const text = given.get('timeoutSeconds');
  if (wait !== undefined && wait !== 'active') faults.reject('/wait', 'must be active');
  if (wait === undefined && text !== undefined) faults.reject('/timeoutSeconds', 'needs wait=active');
  const seconds = text === undefined ? defaultWaitSeconds : Number(text);
  if (text !== undefined && !(/^[1-9]\d{0,2}$/.test(text) && seconds <= longestWaitSeconds))
    faults.reject('/timeoutSeconds', `must be a whole number from 1 to ${longestWaitSeconds}`);
  return wait === undefined ? undefined : seconds * 1000;
}
