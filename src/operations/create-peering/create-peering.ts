// Creates a VPC peering. Accepts exactly the five members of the vendor's contract, all required and validated, and builds the
// upstream request from them.
import { dryRunEvent, replayedEvent } from '../../audit/record/request-events.ts';
import { readPassable } from '../../net/passable-answer.ts';
import { type Answer, jsonAnswer, passOn, replay } from '../../pipeline/answer.ts';
import type { ChangeOperation } from '../../pipeline/operation.ts';
import { parseClusterId, parseQuery } from '../../pipeline/request-faults.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import type { Decision, PeeringRequest } from '../../policy/engine/decision.ts';
import { AuthorizedChange } from '../../request/authorize.ts';
import type { Progress } from '../../request/progress.ts';
import type { Authorized, RequestTarget } from '../../request/request.ts';
import { storeCreator } from '../../state/creators/creator-store.ts';
import type { UpstreamAnswer } from '../../upstream/read-answer.ts';
import type { Created, IdempotencyLease, Replayed } from './idempotency-lease.ts';
import { parseBody, parseIdempotencyKey } from './parse-create.ts';
import { preflight } from './preflight.ts';
import { withClusterLock } from './with-cluster-lock.ts';
import { withIdempotencyKey } from './with-idempotency-key.ts';

export interface CreateTarget extends RequestTarget {
  readonly clusterId: string;
  readonly peering: PeeringRequest;
  readonly dryRun: boolean;
}

export const createPeering: ChangeOperation<CreateTarget, AuthorizedChange<CreateTarget>> = {
  id: 'createVPCPeerings',
  method: 'POST',
  route: '/database/clusters/{clusterId}/vpc-peerings',
  action: 'create',
  scope: 'create',
  eventPrefix: 'peering.create',
  readsBody: true,

  isDryRun: (query) => query !== '' && new URLSearchParams(query).get('dryRun') === 'true',

  parse({ params, query, headers, body }, faults) {
    const clusterId = parseClusterId(params['clusterId'], faults);
    const dryRun = parseQuery(query, ['dryRun'], faults).get('dryRun');
    if (!['true', 'false', undefined].includes(dryRun)) faults.reject('/dryRun', 'must be true or false');
    const values = parseBody(body, faults);
    // A dry run stores nothing, so it ignores its key.
    const idempotencyKey = dryRun === 'true' ? undefined : parseIdempotencyKey(headers, faults);
    if (values === undefined) return undefined;
    return { clusterId, peering: { clusterId, ...values }, dryRun: dryRun === 'true', idempotencyKey };
  },

  authorize: (request, progress) => AuthorizedChange.authorize(createPeering, request, progress),

  toUpstream({ clusterId, peering }) {
    const { vpcId, cidrBlock, accountId, region, isSecureConnection } = peering;
    return {
      path: `/database/clusters/${clusterId}/vpc-peerings`,
      body: { vpcId, cidrBlock, accountId, region, isSecureConnection },
    };
  },

  async run(change, progress, services) {
    const { request } = change;
    if (request.target.dryRun) return await dryRun(request, progress, services);
    const created = await withIdempotencyKey(request, services, (lease) =>
      withClusterLock(request, services, async (): Promise<Created> => {
        const earlier = await lease?.findEarlierCreate();
        if (earlier !== undefined) return earlier;
        const alike = await preflight(request, services);
        lease?.requireHeld();
        return { by: 'upstream', answer: await forwardCreate(change, { alike, lease }, progress, services) };
      }),
    );
    if (created.by === 'upstream') return passOn(created.answer);
    return await recordReplay(request, created, progress, services);
  },
};

interface Guards {
  /** Ids of listed peerings with the same values, which this create cannot have made. */
  readonly alike: readonly string[];
  readonly lease: IdempotencyLease | undefined;
}

async function forwardCreate(
  change: AuthorizedChange<CreateTarget>,
  { alike, lease }: Guards,
  progress: Progress,
  services: PipelineServices,
): Promise<UpstreamAnswer> {
  const { reconciler } = services;
  const end = reconciler.begin(change.request);
  try {
    const answer = await services.forwarder.forward(change, progress, {
      resourceIdOf: createdId,
      beforeSending: () => lease?.requireHeld(),
      settled(facts, { outcome, indeterminate }) {
        const { resourceId } = outcome.upstream ?? {};
        if (indeterminate) reconciler.settle(facts, alike);
        if (resourceId !== undefined)
          reconciler.attribution.recordCreator(resourceId, facts.gatewayRequestId);
      },
    });
    const { clusterId, peering } = change.request.target;
    if (answer.status === 201) services.fleet?.recordCreate(clusterId, peering.vpcId);
    await storeCreator(createdId(answer), change.request, services);
    return answer;
  } finally {
    end();
  }
}

/**
 * Answers as the create would be answered, but takes no lock and no lease and sends nothing. The answer is sent only once its
 * record is durable.
 */
async function dryRun(
  request: Authorized<CreateTarget>,
  progress: Progress,
  services: PipelineServices,
): Promise<Answer> {
  const { upstream, trail, clock } = services;
  await preflight(request, services);
  upstream.refuseIfOpen('POST');
  await trail.record(dryRunEvent(request, clock.now()));
  progress.markRecorded();
  const { effect, policyVersion, mode, grant, exceptions, violations } = request.decision as Decision;
  const body = { decision: effect, policyVersion, mode, grant, exceptions, violations };
  return jsonAnswer(200, body, { 'Proxy-Status': 'peergate' });
}

async function recordReplay(
  request: Authorized<CreateTarget>,
  { answer, creator }: Replayed,
  progress: Progress,
  { trail, clock }: PipelineServices,
): Promise<Answer> {
  const { status } = answer;
  const json = readPassable(answer)?.json;
  const event = { status, first: creator, resourceId: createdId({ status, json }) };
  await trail.record(replayedEvent(request, event, clock.now()));
  progress.markRecorded();
  return replay(answer);
}

/** The vendor's ids are UUIDs. Other ids of this form are accepted, too. */
const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;

/** `id` of the vendor's `ResourceIdentifier`, from a 201. */
function createdId({ status, json }: Pick<UpstreamAnswer, 'status' | 'json'>): string | undefined {
  const id = status === 201 ? (json as { id?: unknown } | null)?.id : undefined;
  return typeof id === 'string' && idPattern.test(id) ? id : undefined;
}
