// Serves an approved create between its guards: once for its Idempotency-Key, in its cluster's turn, after a look at what is
// there. Records and answers what the guards said without sending anything.
import type { Response } from 'express';
import { dryRunEvent, refusedByUpstreamEvent, replayedEvent } from '../audit/event.ts';
import {
  type CreateAnswer,
  type CreateGuards,
  checkCreate,
  createOnce,
  type Forward,
} from '../creates/create-once.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { sendAnswer, sendDryRun, sendReplay } from './answer.ts';
import { type ForwardServices, resourceIdOf } from './forward-recorded.ts';
import { factsOf } from './record-refusal.ts';
import { callerOf, contextOf } from './request-context.ts';
import { passRefusal } from './run-delete.ts';

export interface CreateServices extends ForwardServices {
  readonly guards: CreateGuards;
}

/** `forward` records and sends the create. Rejects with what the caller is to be told. */
export async function runCreate(
  operation: Operation,
  { peering }: ParsedRequest,
  forward: Forward,
  response: Response,
  services: CreateServices,
): Promise<void> {
  if (peering === undefined) throw new Error('a create without its values');
  const { idempotencyKey, gatewayRequestId, requestId, stages } = contextOf(response);
  const caller = callerOf(response);
  const wanted = { caller, peering, idempotencyKey, gatewayRequestId, requestId, stages };
  const served = await createOnce(services.guards, wanted, forward);
  if (served.by !== 'upstream') await recordUnsent(operation, served, response, services);
  if (served.by === 'replay') sendReplay(response, served.answer);
  else sendAnswer(response, served.answer);
}

/**
 * Answers what the create would be answered, without a turn, a key or anything sent. As any other decision, it is given only
 * when its record is safe.
 */
export async function runDryRun(
  operation: Operation,
  { peering }: ParsedRequest,
  response: Response,
  services: CreateServices,
): Promise<void> {
  if (peering === undefined) throw new Error('a dry run without its values');
  const { guards, upstream, trail, clock } = services;
  const { requestId, stages, decision } = contextOf(response);
  const refused = await checkCreate(guards, { peering, requestId, stages });
  if (refused !== undefined) return await passRefusal(operation, refused, response, services);
  upstream.refuseIfOpen('POST');
  await trail.record(dryRunEvent(factsOf(response, operation), clock.now()));
  contextOf(response).recorded = true;
  sendDryRun(response, decision);
}

/** As any other answer, it is given only when its record is safe. */
async function recordUnsent(
  operation: Operation,
  served: Exclude<CreateAnswer, { by: 'upstream' }>,
  response: Response,
  { trail, clock }: CreateServices,
): Promise<void> {
  const facts = factsOf(response, operation);
  const { answer } = served;
  const { status } = answer;
  if (served.by === 'preflight') {
    const event = refusedByUpstreamEvent(operation.events.refused, facts, answer, clock.now());
    await trail.record(event);
  } else {
    const replay = { status, first: served.first, resourceId: resourceIdOf(status, parse(answer.body)) };
    await trail.record(replayedEvent(operation.events.outcome, facts, replay, clock.now()));
  }
  contextOf(response).recorded = true;
}

/** An answer is stored only when its body is empty or JSON. */
const parse = (body: Buffer): unknown => (body.length === 0 ? undefined : JSON.parse(body.toString('utf8')));
