// Answers with one peering out of Aerospike Cloud's list, at once or when it has come to rest, and with what the caller has to
// do next. A caller who waits takes no slot among the requests in flight.
import type { Response } from 'express';
import { outcomeEvent } from '../audit/event.ts';
import { GatewayError } from '../errors.ts';
import type { Operation, ParsedRequest } from '../operations/operation.ts';
import { type NextStep, nextStepFor } from '../peerings/next-step.ts';
import { mayChange, type PeeringWatch, type Seen, type Wanted } from '../peerings/peering-watch.ts';
import type { Bulkhead } from '../upstream/bulkhead.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import { within } from '../within.ts';
import { factsOf } from './record-refusal.ts';
import { contextOf } from './request-context.ts';
import { respond } from './respond.ts';
import { type DeleteServices, passRefusal } from './run-delete.ts';

export interface GetServices extends DeleteServices {
  readonly watch: PeeringWatch;
  readonly bulkhead: Bulkhead;
}

/** A caller who asks again sooner learns nothing new. */
const retryAfterSeconds = '5';
/** So long an answer waits at most for the cluster's block: a next step without its routes is worth more than a late one. */
const blockMs = 2000;

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
  // Asked for beside the wait, so that its end need not wait for it.
  const block = clusterBlock(first, wanted, services);
  const seen = waitMs === undefined ? first : await waitFor(wanted, first, until, response, watch);
  if (seen.refused !== undefined) return await passRefusal(operation, seen.refused, response, services);
  if (seen.peering === undefined) throw new GatewayError('peering-unknown');
  const status = waitMs === undefined || seen.resting ? 200 : 202;
  const leftMs = waitMs === undefined ? blockMs : Math.min(blockMs, until - performance.now());
  const nextStep = nextStepFor(seen.peering, await within(leftMs, block));
  const facts = factsOf(response, operation);
  const outcome = { status, sent: 'yes', upstream: { status: 200 } } as const;
  await trail.record(outcomeEvent(operation.events.outcome, facts, outcome, clock.now()));
  contextOf(response).recorded = true;
  sendPeering(response, status, seen.peering, nextStep);
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
  contextOf(response).slot?.park();
  // Nobody is left to be told.
  if (response.destroyed) wait.leave();
  else response.once('close', wait.leave);
  try {
    return await contextOf(response).stages.run('wait', () => watch.wait(wanted, first, wait));
  } finally {
    wait.leave();
  }
}

/** Before its owner has accepted a peering, the cluster's block is needed for what has to be done next. */
const unaccepted = ['initiating-request', 'pending-acceptance'];

/** `undefined` when it cannot be had: the next step is told all the same. */
async function clusterBlock(
  seen: Seen,
  { clusterId, requestId }: Wanted,
  { guards }: GetServices,
): Promise<string | undefined> {
  if (seen.refused !== undefined || !unaccepted.includes(seen.peering?.status ?? '')) return undefined;
  return await guards.preflight.clusterBlock(clusterId, requestId).catch(() => undefined);
}

function sendPeering(
  response: Response,
  status: 200 | 202,
  { nextStep: _, ...listed }: ListedPeering,
  nextStep: NextStep | undefined,
): void {
  // What stands under this name is always the gateway's own: it is there to be run.
  const body = Buffer.from(JSON.stringify({ ...listed, ...(nextStep === undefined ? {} : { nextStep }) }));
  const fields = { 'Content-Type': 'application/json', 'Proxy-Status': 'peergate; received-status=200' };
  const later = status === 202 ? { 'Retry-After': retryAfterSeconds } : {};
  respond(response, status, { ...fields, ...later }, body);
}
