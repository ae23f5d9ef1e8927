// The fleet: the peerings of all clusters, as far as a grant with `inspect` covers each one, with what was found about it.
// Answers from the last snapshot; nothing is sent upstream.
import { inTurns } from '../../async/in-turns.ts';
import { snapshotEvent } from '../../audit/record/request-events.ts';
import { GatewayError } from '../../errors.ts';
import {
  type FindingCode,
  type FleetPeering,
  findingCodes,
  peeringsByCluster,
} from '../../fleet/findings.ts';
import { fleetBody } from '../../fleet/fleet-body.ts';
import { peeringIds, unreadIn } from '../../fleet/snapshot.ts';
import { jsonAnswer } from '../../pipeline/answer.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { parseClusterId, parseQuery, statusPattern } from '../../pipeline/request-faults.ts';
import { authorize, decideFor } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';

interface FleetTarget extends RequestTarget {
  readonly filter: { readonly finding?: FindingCode | undefined; readonly status?: string | undefined };
}

export const listFleet: ReadOperation<FleetTarget, Authorized<FleetTarget>> = {
  id: 'getFleet',
  method: 'GET',
  route: '/peerings',
  action: 'inspect',
  scope: 'list',
  eventPrefix: 'fleet.list',
  readsBody: false,

  parse({ query }, faults) {
    const given = parseQuery(query, ['clusterId', 'finding', 'status'], faults);
    const cluster = given.get('clusterId');
    const clusterId = cluster === undefined ? undefined : parseClusterId(cluster, faults);
    const finding = findingCodes.find((code) => code === given.get('finding'));
    if (given.has('finding') && finding === undefined)
      faults.reject('/finding', `must be one of ${findingCodes.join(', ')}`);
    const status = given.get('status');
    if (status !== undefined && !statusPattern.test(status)) faults.reject('/status', 'must be a status');
    return { clusterId, filter: { finding, status } };
  },

  /** By the action, and the cluster if one is named: where the peerings lie is asked of each. */
  authorize: (request, progress) => authorize('inspect', request, progress),

  async run(request, progress, { fleet, creators, trail, clock }) {
    if (fleet === undefined) throw new GatewayError('route-unknown');
    const { snapshot } = fleet;
    if (snapshot === undefined)
      throw new GatewayError('fleet-unavailable', { headers: { 'Retry-After': '5' } });
    trail.requireWritable();
    const known = await creators.creatorsOf(peeringIds(snapshot)).catch((error: unknown) => {
      throw new GatewayError('fleet-unavailable', { headers: { 'Retry-After': '5' }, cause: error });
    });
    const { policy } = request;
    const all: FleetPeering[] = [];
    const covered: FleetPeering[] = [];
    const judged = peeringsByCluster(snapshot, { policy, creators: known, now: clock.now() });
    for await (const peerings of inTurns(judged)) {
      all.push(...peerings);
      covered.push(...peerings.filter((peering) => isCovered(request, peering)));
    }
    const hidden = namesBesides(covered, all);
    const peerings = covered.filter((peering) => isWanted(request.target, peering));
    await trail.record(snapshotEvent(request, clock.now()));
    progress.markRecorded();
    // Only those of which the caller may inspect anything.
    const unread = unreadIn(snapshot).filter(
      (clusterId) => decideFor(request, 'inspect', { clusterId }).effect === 'allow',
    );
    const shown = peerings.map((peering) => withoutNames(hidden, peering));
    const body = fleetBody(snapshot, unread, shown);
    return jsonAnswer(200, body, { 'Proxy-Status': 'peergate' });
  },
};

const isWanted = ({ clusterId, filter: { finding, status } }: FleetTarget, peering: FleetPeering): boolean =>
  (clusterId === undefined || peering.clusterId === clusterId) &&
  (status === undefined || peering.status === status) &&
  (finding === undefined || peering.findings.some(({ code }) => code === finding));

/** A peering whose place is not known is shown to nobody but callers who may inspect everything. */
function isCovered(request: Authorized, { clusterId, accountId, region }: FleetPeering): boolean {
  if (request.policy.grants === undefined) return true;
  if (accountId === undefined || region === undefined) return false;
  const where = { clusterId, existing: { accountId, region } };
  return decideFor(request, 'inspect', where).effect === 'allow';
}

/** Ids of peerings and clusters that the caller may not see. */
function namesBesides(covered: readonly FleetPeering[], all: readonly FleetPeering[]): ReadonlySet<string> {
  const visible = new Set(covered.flatMap(({ id, clusterId }) => [id, clusterId]));
  return new Set(all.flatMap(({ id, clusterId }) => [id, clusterId]).filter((name) => !visible.has(name)));
}

/** A finding may name another peering or cluster; it does so only to a caller who may see that one. */
const withoutNames = (hidden: ReadonlySet<string>, peering: FleetPeering): FleetPeering => ({
  ...peering,
  findings: peering.findings.map(({ other, ...finding }) => ({
    ...finding,
    description: (other !== undefined && hidden.has(other) && unnamed[finding.code]) || finding.description,
  })),
});

const unnamed: Partial<Record<FindingCode, string>> = {
  block_overlap: 'Its block overlaps that of another peering.',
  cluster_block_shared: 'Its VPC is also peered with another cluster, whose block overlaps that of this one.',
};
