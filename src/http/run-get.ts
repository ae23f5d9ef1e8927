// Answers with one peering out of Aerospike Cloud's list, at once or when it has come to rest, and with what the caller has to
// do next. A caller who waits takes no place among the requests in flight.
import type { Response } from 'express';
import { outcomeEvent, refusedByUpstreamEvent } from '../audit/event.ts';
import { GatewayError } from '../errors.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { nextStepFor } from '../peerings/next-step.ts';
import { mayChange, type PeeringWatch, type Seen, type Wanted } from '../peerings/peering-watch.ts';
import type { Bulkhead } from '../upstream/bulkhead.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import { sendAnswer } from './answer.ts';
import { factsOf } from './record-refusal.ts';
import { contextOf } from './request-context.ts';
import type { DeleteServices } from './run-delete.ts';

export interface GetServices extends DeleteServices {
  readonly watch: PeeringWatch;
  readonly bulkhead: Bulkhead;
}

/** A caller who asks again sooner learns nothing new. */
const retryAfterSeconds = '5';

/** Rejects with what the caller is to be told. */
export async function runGet(
  operation: Operation,
  { clusterId, peeringId = '', waitMs }: ParsedRequest,
  response: Response,
  services: GetServices,
): Promise<void> {
  const { trail, watch, clock, bulkhead } = services;
  const until = performance.now() + (waitMs ?? 0);
  trail.requireWritable({});
  const wanted = { clusterId, peeringId, requestId: contextOf(response).requestId };
  const { stages } = contextOf(response);
  const first = await stages.run('forward', () => bulkhead.run(() => watch.see(wanted)));
  const seen = waitMs === undefined ? first : await waitFor(wanted, first, until, response, watch);
  const facts = factsOf(response, operation);
  if (seen.refused !== undefined) {
    await trail.record(refusedByUpstreamEvent(operation.events.refused, facts, seen.refused, clock.now()));
    contextOf(response).recorded = true;
    sendAnswer(response, seen.refused);
    return;
  }
  if (seen.peering === undefined) throw new GatewayError('peering-unknown');
  const status = waitMs === undefined || seen.resting ? 200 : 202;
  const block = await clusterBlock(seen.peering, wanted, services);
  const outcome = { status, sent: 'yes', upstream: { status: 200 } } as const;
  await trail.record(outcomeEvent(operation.events.outcome, facts, outcome, clock.now()));
  contextOf(response).recorded = true;
  sendPeering(response, status, seen.peering, block);
}

/** Only what may still change, and finds a place to wait in, is waited for. */
async function waitFor(
  wanted: Wanted,
  first: Seen,
  until: number,
  response: Response,
  watch: PeeringWatch,
): Promise<Seen> {
  const wait = mayChange(first) ? watch.enter(until) : undefined;
  if (wait === undefined) return first;
  contextOf(response).stepAside();
  // Nobody is left to be told.
  if (response.destroyed) wait.leave();
  else response.once('close', wait.leave);
  try {
    return await contextOf(response).stages.run('wait', () => watch.wait(wanted, first, wait));
  } finally {
    wait.leave();
  }
}

/** Only needed for what has to be done next; without it the next step is told all the same. */
async function clusterBlock(
  { status }: ListedPeering,
  { clusterId, requestId }: Wanted,
  { guards }: GetServices,
): Promise<string | undefined> {
  if (status !== 'pending-acceptance') return undefined;
  return await guards.preflight.clusterBlock(clusterId, requestId).catch(() => undefined);
}

function sendPeering(
  response: Response,
  status: 200 | 202,
  peering: ListedPeering,
  block: string | undefined,
): void {
  const nextStep = nextStepFor(peering, block);
  const body = Buffer.from(JSON.stringify({ ...peering, ...(nextStep === undefined ? {} : { nextStep }) }));
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Proxy-Status', 'peergate; received-status=200');
  if (status === 202) response.setHeader('Retry-After', retryAfterSeconds);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
