// Sends a request upstream between its audit records. A change is sent only once its intent is durable. If the outcome cannot
// be written, the caller still gets the answer.
import type { AuditTrail } from '../audit/log/trail.ts';
import type { AuditEvent } from '../audit/record/event-form.ts';
import {
  failedOutcome,
  isIndeterminate,
  type Outcome,
  outcomeEvent,
} from '../audit/record/request-events.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import type { AuthorizedChange } from '../request/authorize.ts';
import type { Progress } from '../request/progress.ts';
import type { Authorized, RequestFacts } from '../request/request.ts';
import type { ReadRequest, UpstreamClient } from '../upstream/client.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import type { PipelineServices } from './services.ts';

/** The result of a change. */
interface Forwarded {
  readonly outcome: Outcome;
  /** Nobody knows whether the change was carried out. */
  readonly indeterminate: boolean;
}

interface ForwardHooks {
  /** Finds in an answer what the change made. */
  resourceIdOf?(answer: UpstreamAnswer): string | undefined;
  /** Called when there is a connection, right before the change is sent. Throws to keep it from being sent. */
  beforeSending?(): void;
  /** Called with what came of the change, before its caller learns of it. */
  settled?(facts: RequestFacts, forwarded: Forwarded): void;
}

interface ForwarderServices {
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The only way for an operation to change something upstream. */
export class ChangeForwarder {
  readonly #services: ForwarderServices;

  constructor(services: ForwarderServices) {
    this.#services = services;
  }

  /**
   * Records the intent of a change, sends it, and records its outcome. The outcome is recorded even if it fails;
   * rejects with the caller's error then.
   */
  async forward(
    change: AuthorizedChange,
    progress: Progress,
    hooks: ForwardHooks = {},
  ): Promise<UpstreamAnswer> {
    const { trail, upstream, clock } = this.#services;
    const { request } = change;
    progress.markRecorded();
    const recorded = await request.stages.run('record', () => trail.recordIntent(change));
    const send = (traceparent: string | undefined) =>
      upstream.change(recorded, { traceparent, beforeSending: hooks.beforeSending });
    const result = await sendTimed(request, send).catch(toGatewayError);
    const outcome =
      result instanceof GatewayError ? failedOutcome(result) : answered(result, hooks.resourceIdOf?.(result));
    const event = outcomeEvent(request, outcome, clock.now());
    // The record is in the chain before anybody else learns of the outcome.
    const written = writeOutcome(event, request, this.#services);
    hooks.settled?.(request, { outcome, indeterminate: isIndeterminate(request, outcome) });
    await written;
    if (result instanceof GatewayError) throw result;
    return result;
  }
}

/** Sends a read and records its outcome. Needs a log that can be written. Rejects as `ChangeForwarder.forward` does. */
export const forwardRead = (
  request: Authorized,
  read: Omit<ReadRequest, 'requestId'>,
  progress: Progress,
  services: PipelineServices,
): Promise<UpstreamAnswer> =>
  recordRead(request, progress, services, (traceparent) =>
    services.upstream.read({ ...read, requestId: request.requestId, traceparent }),
  );

/** Reads in whatever way and records the outcome as `forwardRead` does. */
export async function recordRead<Result extends Answered>(
  request: Authorized,
  progress: Progress,
  services: PipelineServices,
  read: (traceparent: string | undefined) => Promise<Result>,
): Promise<Result> {
  const { trail, clock } = services;
  trail.requireWritable();
  progress.markRecorded();
  const result = await sendTimed(request, read).catch(toGatewayError);
  const outcome = result instanceof GatewayError ? failedOutcome(result) : answered(result);
  await writeOutcome(outcomeEvent(request, outcome, clock.now()), request, services);
  if (result instanceof GatewayError) throw result;
  return result;
}

/** What an outcome says of the upstream's answer. */
type Answered = Pick<UpstreamAnswer, 'status' | 'requestId'>;

const sendTimed = <Result extends Answered>(
  { stages, operation }: Authorized,
  send: (traceparent: string | undefined) => Promise<Result>,
): Promise<Result> =>
  stages.run('forward', async (span) => {
    span?.set({ 'http.request.method': operation.method });
    const answer = await send(span?.traceparent);
    span?.set({ 'http.response.status_code': answer.status });
    return answer;
  });

const answered = ({ status, requestId }: Answered, resourceId?: string): Outcome => ({
  status,
  sent: 'yes',
  upstream: { status, requestId, resourceId },
});

/** Never rejects: the intent is safe, and withholding the answer would hide an existing peering. */
export async function writeOutcome(
  event: AuditEvent,
  { gatewayRequestId }: RequestFacts,
  { trail, logger }: Pick<PipelineServices, 'trail' | 'logger'>,
): Promise<void> {
  try {
    await trail.recordFact(event);
  } catch (error) {
    logger.error({ gatewayRequestId, err: error }, 'failed to record the outcome of a request');
  }
}
