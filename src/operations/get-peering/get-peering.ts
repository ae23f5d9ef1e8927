// Reads one peering from the upstream's list, and tells the caller the next step. On request, waits until the peering has a
// final status. The vendor's contract has no such operation; scope and records are those of the list.

import { withTimeout } from '../../async/with-timeout.ts';
import { outcomeEvent } from '../../audit/record/request-events.ts';
import { GatewayError } from '../../errors.ts';
import { acceptByOf } from '../../fleet/findings.ts';
import { formatIpv4Network } from '../../net/ipv4.ts';
import { type Answer, answerFromList } from '../../pipeline/answer.ts';
import { writeOutcome } from '../../pipeline/forward.ts';
import type { ReadOperation } from '../../pipeline/operation.ts';
import { type Faults, parseClusterId, parsePeeringId, parseQuery } from '../../pipeline/request-faults.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import { authorize } from '../../request/authorize.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';
import type { FoundPeering, Wanted } from '../../upstream/peering-poller.ts';
import type { ListedPeering } from '../../upstream/peerings.ts';
import { type NextStep, nextStepFor } from './next-step.ts';

interface GetTarget extends RequestTarget {
  readonly clusterId: string;
  readonly peeringId: string;
}

const maxWaitSeconds = 300;
const defaultWaitSeconds = 30;
/** The status rarely changes sooner. */
const retryAfterSeconds = '5';
/** Timeout for the cluster's block: without it the answer lacks only the routes of the next step. */
const blockTimeoutMs = 2000;

export const getPeering: ReadOperation<GetTarget, Authorized<GetTarget>> = {
  id: 'getVPCPeering',
  method: 'GET',
  route: '/database/clusters/{clusterId}/vpc-peerings/{peeringId}',
  action: 'list',
  scope: 'list',
  eventPrefix: 'peering.list',
  readsBody: false,

  parse({ params, query }, faults) {
    const clusterId = parseClusterId(params['clusterId'], faults);
    const peeringId = parsePeeringId(params['peeringId'], faults);
    const waitMs = parseWait(query, faults);
    return { clusterId, peeringId, waitMs };
  },

  authorize: (request, progress) => authorize('list', request, progress),

  async run(request, progress, services) {
    const { trail, poller, clock } = services;
    const { target, stages, requestId } = request;
    const { waitMs } = target;
    const deadline = clock.monotonic() + (waitMs ?? 0);
    trail.requireWritable();
    const named = { clusterId: target.clusterId, peeringId: target.peeringId, requestId };
    const first = await stages.run('forward', () => poller.read(named));
    // From here on it is this very peering, whatever else gets the name that the path has.
    const wanted = { ...named, peeringId: first?.peering.id ?? named.peeringId };
    const located = progress.advance({ ...request, target: { ...target, peeringId: wanted.peeringId } });
    // Asked for beside the wait, so that its end need not wait for it.
    const block = blockFor(first?.peering, request, services);
    const found =
      waitMs === undefined ? first : await waitForFinalStatus(request, wanted, first, deadline, services);
    if (found === undefined) throw new GatewayError('peering-unknown');
    const status = waitMs === undefined || found.final ? 200 : 202;
    const leftMs =
      waitMs === undefined ? blockTimeoutMs : Math.min(blockTimeoutMs, deadline - clock.monotonic());
    const acceptBy = acceptByFor(found.peering, services);
    const [clusterBlock, until] = await Promise.all([
      withTimeout(leftMs, block),
      withTimeout(leftMs, acceptBy),
    ]);
    const nextStep = nextStepFor(found.peering, { clusterBlock, acceptBy: until });
    const outcome = { status, sent: 'yes', upstream: { status: 200, requestId: found.requestId } } as const;
    progress.markRecorded();
    await writeOutcome(outcomeEvent(located, outcome, clock.now()), request, services);
    return peeringAnswer(status, found, nextStep);
  },
};

function parseWait(query: URLSearchParams, faults: Faults): number | undefined {
  const given = parseQuery(query, ['wait', 'timeoutSeconds'], faults);
  const wait = given.get('wait');
  const text = given.get('timeoutSeconds');
  if (wait !== undefined && wait !== 'active') faults.reject('/wait', 'must be active');
  if (wait === undefined && text !== undefined) faults.reject('/timeoutSeconds', 'needs wait=active');
  const seconds = text === undefined ? defaultWaitSeconds : Number(text);
  if (text !== undefined && !(/^[1-9]\d{0,2}$/.test(text) && seconds <= maxWaitSeconds))
    faults.reject('/timeoutSeconds', `must be a whole number from 1 to ${maxWaitSeconds}`);
  return wait === undefined ? undefined : seconds * 1000;
}

/** Returns `first` at once if its status is final or if too many requests wait. */
async function waitForFinalStatus(
  { slot, connection, stages }: Authorized<GetTarget>,
  wanted: Wanted,
  first: FoundPeering | undefined,
  deadline: number,
  { poller }: PipelineServices,
): Promise<FoundPeering | undefined> {
  if (first === undefined || first.final) return first;
  const wait = poller.enter(deadline);
  if (wait === undefined) return first;
  slot.park();
  if (connection.closed) wait.leave();
  else connection.onClose(wait.leave);
  try {
    return await stages.run('wait', () => poller.wait(wanted, first, wait));
  } finally {
    wait.leave();
  }
}

/** Statuses whose next step needs the cluster's block. */
const needingBlock = ['initiating-request', 'pending-acceptance', 'provisioning', 'active'];

/** `undefined` if it cannot be read: the next step is then incomplete. */
async function blockFor(
  peering: ListedPeering | undefined,
  { target, requestId }: Authorized<GetTarget>,
  { network }: PipelineServices,
): Promise<string | undefined> {
  if (!needingBlock.includes(peering?.status ?? '')) return undefined;
  const block = await network.clusterBlock(target.clusterId, requestId).catch(() => undefined);
  return block && formatIpv4Network(block);
}

/** `undefined` when the creator is not known: nothing else says when the create was. */
async function acceptByFor(
  { id, status }: ListedPeering,
  { creators }: PipelineServices,
): Promise<string | undefined> {
  if (status !== 'pending-acceptance') return undefined;
  const known = await creators.creatorsOf([id]).catch(() => undefined);
  const creator = known?.get(id);
  return creator && acceptByOf(creator);
}

function peeringAnswer(
  status: 200 | 202,
  { peering: { nextStep: _, ...listed }, requestId }: FoundPeering,
  nextStep: NextStep | undefined,
): Answer {
  // `nextStep` never comes from the upstream: callers run its commands.
  const body = { ...listed, ...(nextStep === undefined ? {} : { nextStep }) };
  const later = status === 202 ? { 'Retry-After': retryAfterSeconds } : {};
  return answerFromList(status, body, requestId, later);
}
