// The way of a request behind its scope check, one stage after another: parse, decide, record, forward, record, answer.
// Each stage has its own type, and forwarding takes only what has been recorded.
import type { Request, RequestHandler, Response } from 'express';
import { dryRunEvent, intentEvent, type Outcome, outcomeEvent } from '../audit/event.ts';
import type { AuditTrail, Recorded } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, invalidField, type Sent } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { isFaulty, requestInvalid } from '../operations/parse.ts';
import type { ReconcileCreates } from '../operations/reconcile-creates.ts';
import { decide } from '../policy/decide.ts';
import { claimsFor } from '../policy/recorded-claims.ts';
import type { UpstreamClient, UpstreamRequest } from '../upstream/client.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { sendAnswer, sendDryRun } from './answer.ts';
import { readBody } from './read-body.ts';
import { factsOf } from './record-refusal.ts';
import { toGatewayError } from './render-error.ts';
import { callerOf, contextOf } from './request-context.ts';
import { readStrictJson } from './strict-json.ts';
import type { WireFaults } from './wire-faults.ts';

export interface OperationServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
  readonly reconcile: ReconcileCreates;
  readonly wireFaults: WireFaults;
}

/** Serves the request's operation. Goes on to its end, records included, when the caller hangs up. */
export const runOperation =
  (services: OperationServices): RequestHandler =>
  async (request, response, next) => {
    const context = contextOf(response);
    const { route } = context;
    if (route.kind !== 'operation') {
      next();
      return;
    }
    const release = context.hold();
    try {
      const { operation } = route;
      const parsed = await parse(operation, request, response, services);
      const approved = approve(operation, parsed, response);
      if (context.dryRun) {
        await recordDryRun(operation, response, services);
        sendDryRun(response, context.decision);
        return;
      }
      const recorded = await record(operation, approved, response, services);
      const answer = await forward(operation, recorded, response, services);
      sendAnswer(response, answer);
    } finally {
      release();
    }
  };

async function parse(
  operation: Operation,
  request: Request,
  response: Response,
  { wireFaults }: OperationServices,
): Promise<ParsedRequest> {
  const { route, dryRun } = contextOf(response);
  if (route.kind !== 'operation') throw new Error('only an operation can be parsed');
  if (operation.events.intent !== undefined && !dryRun) refuseIdempotencyKey(request);
  const bytes = operation.readsBody ? await readBody(request, response, wireFaults) : undefined;
  const json = bytes === undefined ? { value: undefined } : readStrictJson(bytes);
  if ('fault' in json) throw requestInvalid({ missing: [], invalid: [invalidField('', json.fault)] });
  const query = new URLSearchParams(route.query);
  const parsed = operation.parse({ clusterId: route.clusterId, query, body: json.value });
  if (isFaulty(parsed)) throw requestInvalid(parsed);
  Object.assign(contextOf(response), parsed);
  return parsed;
}

/** Ignoring it would break just the promise that a caller sends it for: that the create is not made twice. */
function refuseIdempotencyKey({ headers }: Request): void {
  if (headers['idempotency-key'] === undefined) return;
  const fault = 'is not supported by this version: a repeated create would be made again';
  throw requestInvalid({ missing: [], invalid: [invalidField('/Idempotency-Key', fault)] });
}

/** The request as it will go upstream; only a request that the policy in force allows becomes one. */
function approve(operation: Operation, parsed: ParsedRequest, response: Response): UpstreamRequest {
  const context = contextOf(response);
  const { policy, startedAt } = context;
  const { claims } = callerOf(response);
  const { clusterId, peering } = parsed;
  const decision = decide(policy, { claims, at: startedAt, action: operation.action, clusterId, peering });
  context.decision = decision;
  const recorded = claimsFor(policy, claims);
  if (recorded !== undefined) context.claims = recorded;
  if (decision.effect !== 'allow') {
    const { violations, policyVersion } = decision;
    throw new GatewayError('policy-denied', { context: { violations, policyVersion } });
  }
  return operation.toUpstream(parsed, context.requestId);
}

/** A dry run is answered only when its record is safe, as any other decision. */
async function recordDryRun(
  operation: Operation,
  response: Response,
  services: OperationServices,
): Promise<void> {
  const { trail, clock } = services;
  await trail.record(dryRunEvent(factsOf(response, operation), clock.now()));
}

async function record(
  operation: Operation,
  approved: UpstreamRequest,
  response: Response,
  { trail, clock }: OperationServices,
): Promise<Recorded<UpstreamRequest>> {
  const { intent, outcome } = operation.events;
  if (intent === undefined) return trail.requireWritable(approved);
  const facts = factsOf(response, operation);
  contextOf(response).recorded = true;
  return await trail.recordIntent(approved, intentEvent(intent, facts, clock.now()), (error) =>
    outcomeEvent(outcome, facts, failed(error), clock.now()),
  );
}

async function forward(
  operation: Operation,
  recorded: Recorded<UpstreamRequest>,
  response: Response,
  services: OperationServices,
): Promise<UpstreamAnswer> {
  contextOf(response).recorded = true;
  const result = await services.upstream.send(recorded).catch(toGatewayError);
  const outcome = result instanceof GatewayError ? failed(result) : succeeded(operation, result);
  await recordOutcome(operation, response, outcome, services);
  if (result instanceof GatewayError) throw result;
  return result;
}

/**
 * When the outcome cannot be written, the answer still goes to the caller: the intent is safe, and hiding what exists
 * would make it worse.
 */
async function recordOutcome(
  operation: Operation,
  response: Response,
  outcome: Outcome,
  { trail, clock, logger, reconcile }: OperationServices,
): Promise<void> {
  const facts = factsOf(response, operation);
  const event = outcomeEvent(operation.events.outcome, facts, outcome, clock.now());
  if (event.status_id === 0) reconcile.settle(facts);
  if (outcome.upstream?.resourceId !== undefined) reconcile.know(outcome.upstream.resourceId);
  try {
    await trail.recordFact(event);
  } catch (error) {
    const { gatewayRequestId } = contextOf(response);
    logger.error({ gatewayRequestId, err: error }, 'the outcome of a request could not be recorded');
  }
}

function succeeded({ events }: Operation, { status, json, requestId }: UpstreamAnswer): Outcome {
  const resourceId = events.intent === undefined ? undefined : resourceIdOf(status, json);
  return { status, sent: 'yes', upstream: { status, requestId, resourceId } };
}

function failed(error: GatewayError): Outcome {
  const { code, detail, rule, context, receivedStatus } = error;
  // An unexpected error says nothing about how far the request came.
  const sent = (context?.['sent'] as Sent | undefined) ?? (code === 'internal' ? 'maybe' : 'no');
  const upstream = receivedStatus === undefined ? {} : { upstream: { status: receivedStatus } };
  return { status: rule.status, error: { code, detail }, sent, ...upstream };
}

const resourceIdShape = /^[A-Za-z0-9._:-]{1,128}$/;

/** `id` of the vendor's `ResourceIdentifier`, from an answer that made something. */
function resourceIdOf(status: number, json: unknown): string | undefined {
  const id = status === 201 ? (json as { id?: unknown } | null)?.id : undefined;
  return typeof id === 'string' && resourceIdShape.test(id) ? id : undefined;
}
