// Deletes a peering whose cluster, account and region a grant of the caller covers. Account and region come from the upstream's
// list, never from the caller; with `deleteOwn`, the creator comes from the gateway's own store.
import { GatewayError } from '../../errors.ts';
import { passOn } from '../../pipeline/answer.ts';
import type { ChangeOperation } from '../../pipeline/operation.ts';
import { parseClusterId, parsePeeringId, parseQuery } from '../../pipeline/request-faults.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { AuthorizedChange, authorize, decideFor } from '../../request/authorize.ts';
import type { Authorized, ListedPlace, RequestTarget } from '../../request/request.ts';
import { preflightFailed } from '../../upstream/network-reader.ts';
import { resolvePeering } from '../../upstream/resolve-peering.ts';
import { placeOf } from './listed-place.ts';

interface DeleteTarget extends RequestTarget {
  readonly clusterId: string;
  readonly peeringId: string;
}

/** A listed peering. Only a delete of this type can be forwarded. */
interface ListedTarget extends DeleteTarget {
  readonly existing: ListedPlace;
}

export const deletePeering: ChangeOperation<DeleteTarget, Authorized<DeleteTarget>, ListedTarget> = {
  id: 'deleteVPCPeerings',
  method: 'DELETE',
  route: '/database/clusters/{clusterId}/vpc-peerings/{peeringId}',
  action: 'delete',
  scope: 'delete',
  eventPrefix: 'peering.delete',
  readsBody: false,

  parse({ params, query }, faults) {
    const clusterId = parseClusterId(params['clusterId'], faults);
    const peeringId = parsePeeringId(params['peeringId'], faults);
    parseQuery(query, [], faults);
    return { clusterId, peeringId };
  },

  /** By cluster and action only: account and region are not known yet. */
  authorize: (request, progress) => authorize('delete', request, progress),

  toUpstream: ({ clusterId, peeringId }) => ({
    path: `/database/clusters/${clusterId}/vpc-peerings/${peeringId}`,
  }),

  async run(request, progress, services) {
    const target = await request.stages.run('preflight', () => find(request, services));
    const existing = { ...target.existing, ...(await ownership(request, target, services)) };
    const located = progress.advance({ ...request, target: { ...target, existing } });
    const change = AuthorizedChange.authorize(deletePeering, located, progress);
    const { forwarder, reconciler } = services;
    const answer = await forwarder.forward(change, progress, {
      settled(facts, { indeterminate }) {
        if (indeterminate) reconciler.settle(facts);
      },
    });
    return passOn(answer);
  },
};

/**
 * Whether the caller created the peering, if the decision depends on it. Rejects with `fleet-unavailable` when the creator cannot be
 * known yet.
 */
async function ownership(
  request: Authorized<DeleteTarget>,
  { clusterId, peeringId, existing }: ListedTarget,
  { creators, creatorLog }: PipelineServices,
): Promise<Pick<ListedPlace, 'isOwn'>> {
  const { violations } = decideFor(request, 'delete', { clusterId, existing });
  if (violations.every(({ code }) => code !== 'not_owner')) return {};
  const { isRead } = creatorLog;
  const known = await creators.creatorsOf([peeringId]).catch(notKnown);
  const creator = known.get(peeringId);
  if (creator === undefined && !isRead) notKnown();
  const { issuer, subject } = request.caller;
  return { isOwn: creator?.issuer === issuer && creator.subject === subject };
}

function notKnown(cause?: unknown): never {
  throw new GatewayError('fleet-unavailable', {
    detail: 'The creators of peerings are not known at the moment. Nothing was changed.',
    headers: { 'Retry-After': '5' },
    context: { sent: 'no' },
    cause,
  });
}

/** Rejects with `peering-unknown`, `peering-ambiguous` or `preflight-failed`, or as a read does. */
async function find(
  { target, requestId }: Authorized<DeleteTarget>,
  { network }: PipelineServices,
): Promise<ListedTarget> {
  const { entries: peerings } = await network.peerings(target.clusterId, requestId);
  const found = resolvePeering(peerings, target.peeringId);
  if (found === undefined) throw new GatewayError('peering-unknown');
  const existing = placeOf(found);
  if (existing === undefined) throw preflightFailed(200, 'the list does not say where the peering lies');
  return { ...target, peeringId: found.id, existing };
}
