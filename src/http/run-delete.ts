// Serves a delete whose cluster and action the policy allows: looks the peering up, asks the policy again with the account and
// region that Aerospike Cloud has for it, and only then records and forwards.
import type { Response } from 'express';
import { refusedByUpstreamEvent } from '../audit/event.ts';
import type { Preflight } from '../creates/preflight.ts';
import { GatewayError } from '../errors.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { placeIn } from '../peerings/place-in.ts';
import { resolvePeering } from '../peerings/resolve-peering.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { sendAnswer } from './answer.ts';
import { approve } from './approve.ts';
import type { ForwardServices } from './forward-recorded.ts';
import { factsOf } from './record-refusal.ts';
import { contextOf } from './request-context.ts';

export interface DeleteServices extends ForwardServices {
  readonly guards: { readonly preflight: Preflight };
}

/** `forward` records and sends the delete. Rejects with what the caller is to be told. */
export async function runDelete(
  operation: Operation,
  parsed: ParsedRequest,
  forward: () => Promise<UpstreamAnswer>,
  response: Response,
  services: DeleteServices,
): Promise<void> {
  const { guards } = services;
  const context = contextOf(response);
  const look = await context.stages.run('preflight', () =>
    guards.preflight.look(parsed.clusterId, context.requestId),
  );
  if (look.refused !== undefined) return await passRefusal(operation, look.refused, response, services);
  const found = resolvePeering(look.peerings, parsed.peeringId ?? '');
  if (found === undefined) throw new GatewayError('peering-unknown');
  const existing = placeIn(found);
  if (existing === undefined) {
    throw new GatewayError('preflight-impossible', {
      context: { sent: 'no' },
      proxyError: 'http_protocol_error',
      receivedStatus: 200,
      cause: new Error('the list does not say where the peering lies'),
    });
  }
  context.existing = existing;
  approve(operation, parsed, response, { accountId: existing.accountId, region: existing.region });
  sendAnswer(response, await forward());
}

/** Records and passes on what Aerospike Cloud itself said to the look at a cluster's peerings; nothing else was sent. */
export async function passRefusal(
  operation: Operation,
  refused: UpstreamAnswer,
  response: Response,
  { trail, clock }: Pick<DeleteServices, 'trail' | 'clock'>,
): Promise<void> {
  const facts = factsOf(response, operation);
  await trail.record(refusedByUpstreamEvent(operation.events.refused, facts, refused, clock.now()));
  contextOf(response).recorded = true;
  sendAnswer(response, refused);
}
