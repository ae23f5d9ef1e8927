// The way of a request behind its scope check, one stage after another: parse, decide, record, forward, record, answer.
// Each stage has its own type, and forwarding takes only what has been recorded.
import type { Request, RequestHandler, Response } from 'express';
import { intentEvent, type Outcome, outcomeEvent } from '../audit/event.ts';
import type { AuditTrail, Recorded } from '../audit/trail.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, invalidField, type Sent } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { isFaulty, requestInvalid } from '../operations/parse.ts';
import type { PolicyStore } from '../policy/store.ts';
import type { UpstreamClient, UpstreamRequest } from '../upstream/client.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { sendAnswer } from './answer.ts';
import { readBody } from './read-body.ts';
import { factsOf } from './record-refusal.ts';
import { toGatewayError } from './render-error.ts';
import { contextOf } from './request-context.ts';
import { readStrictJson } from './strict-json.ts';
import type { WireFaults } from './wire-faults.ts';

export interface OperationServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policies: PolicyStore;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
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
      const approved = decide(operation, parsed, response, services);
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
  const { route } = contextOf(response);
  if (route.kind !== 'operation') throw new Error('only an operation can be parsed');
  if (operation.events.intent !== undefined) refuseIdempotencyKey(request);
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

/** The request as it will go upstream; only a request that the policy allows, or has no say in, becomes one. */
function decide(
  operation: Operation,
  parsed: ParsedRequest,
  response: Response,
  { policies }: OperationServices,
): UpstreamRequest {
  const context = contextOf(response);
  if (operation.decide !== undefined) {
    const decision = operation.decide(policies.current(), parsed);
    context.decision = decision;
    if (decision.effect !== 'allow') {
      const { violations, policyVersion } = decision;
      throw new GatewayError('policy-denied', { context: { violations, policyVersion } });
    }
  }
  return operation.toUpstream(parsed, context.requestId);
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
  { trail, clock, logger }: OperationServices,
): Promise<void> {
  const event = outcomeEvent(operation.events.outcome, factsOf(response, operation), outcome, clock.now());
  try {
    await trail.record(event);
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
