// Records that a request is approved, sends it, and records what came of it: the only way to the upstream for a caller's
// request. An outcome that cannot be written takes no answer away.
import type { Response } from 'express';
import { intentEvent, type Outcome, outcomeEvent, type RequestFacts } from '../audit/event.ts';
import type { AuditTrail, Recorded } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import type { ReconcileCreates } from '../creates/reconcile-creates.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import type { Operation } from '../operations/operation.ts';
import type { UpstreamClient, UpstreamRequest } from '../upstream/client.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { factsOf } from './record-refusal.ts';
import { toGatewayError } from './render-error.ts';
import { contextOf } from './request-context.ts';

export interface ForwardServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
  readonly reconcile: ReconcileCreates;
}

/**
 * Rejects with what the caller is to be told, when there is no answer to pass on; then the record is made already.
 * `before`: ids of peerings that were there before a create and look like its own.
 */
export async function forwardRecorded(
  operation: Operation,
  approved: UpstreamRequest,
  response: Response,
  services: ForwardServices,
  before: readonly string[] = [],
): Promise<UpstreamAnswer> {
  const context = contextOf(response);
  const { stages } = context;
  const facts = factsOf(response, operation);
  if (operation.events.intent !== undefined) context.recorded = true;
  const recorded = await stages.run('record', () => record(operation, approved, facts, services));
  context.recorded = true;
  const settled = services.reconcile.begin(facts);
  let result: UpstreamAnswer | GatewayError;
  try {
    result = await stages
      .run('forward', async (span) => {
        span?.set({ 'http.request.method': approved.method });
        const answer = await services.upstream.send(recorded, span?.traceparent);
        span?.set({ 'http.response.status_code': answer.status });
        return answer;
      })
      .catch(toGatewayError);
    const outcome = result instanceof GatewayError ? failed(result) : succeeded(operation, result);
    await recordOutcome(operation, facts, { ...outcome, before }, services);
  } finally {
    settled();
  }
  if (result instanceof GatewayError) throw result;
  return result;
}

async function record(
  operation: Operation,
  approved: UpstreamRequest,
  facts: RequestFacts,
  { trail, clock }: ForwardServices,
): Promise<Recorded<UpstreamRequest>> {
  const { intent, outcome } = operation.events;
  if (intent === undefined) return trail.requireWritable(approved);
  return await trail.recordIntent(approved, intentEvent(intent, facts, clock.now()), (error) =>
    outcomeEvent(outcome, facts, failed(error), clock.now()),
  );
}

/**
 * When the outcome cannot be written, the answer still goes to the caller: the intent is safe, and hiding what exists
 * would make it worse.
 */
async function recordOutcome(
  operation: Operation,
  facts: RequestFacts,
  { before, ...outcome }: Outcome & { readonly before: readonly string[] },
  { trail, clock, logger, reconcile }: ForwardServices,
): Promise<void> {
  const event = outcomeEvent(operation.events.outcome, facts, outcome, clock.now());
  if (event.status_id === 0) reconcile.settle(facts, before);
  if (outcome.upstream?.resourceId !== undefined)
    reconcile.know(outcome.upstream.resourceId, facts.gatewayRequestId);
  try {
    await trail.recordFact(event);
  } catch (error) {
    const { gatewayRequestId } = facts;
    logger.error({ gatewayRequestId, err: error }, 'the outcome of a request could not be recorded');
  }
}

function succeeded({ kind }: Operation, { status, json, requestId }: UpstreamAnswer): Outcome {
  // Nothing else makes anything, whatever an answer to it says.
  const resourceId = kind === 'create' ? resourceIdOf(status, json) : undefined;
  return { status, sent: 'yes', upstream: { status, requestId, resourceId } };
}

function failed(error: GatewayError): Outcome {
  const { code, detail, rule, sent, receivedStatus } = error;
  const upstream = receivedStatus === undefined ? {} : { upstream: { status: receivedStatus } };
  return { status: rule.status, error: { code, detail }, sent, ...upstream };
}

/** The vendor's ids are UUIDs; anything else of this form is as good a name. */
const resourceIdShape = /^[A-Za-z0-9._:-]{1,128}$/;

/** `id` of the vendor's `ResourceIdentifier`, from an answer that made something. */
export function resourceIdOf(status: number, json: unknown): string | undefined {
  const id = status === 201 ? (json as { id?: unknown } | null)?.id : undefined;
  return typeof id === 'string' && resourceIdShape.test(id) ? id : undefined;
}
