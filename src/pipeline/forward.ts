// Sends a request upstream between its records. A change goes out only when its intent is durable; an outcome that cannot
// be written takes no answer away.
import { failedOutcome, type Outcome, outcomeEvent } from '../audit/record/request-events.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { AuthorizedChange } from '../request/authorize.ts';
import type { Progress } from '../request/progress.ts';
import type { Authorized, RequestFacts } from '../request/request.ts';
import type { ReadRequest } from '../upstream/client.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import type { PipelineServices } from './services.ts';

/** What came of a change: its outcome is recorded, or will be. */
export interface Forwarded {
  readonly outcome: Outcome;
  /** `undefined`: the change is known to have been carried out, or not to have been. */
  readonly indeterminate: boolean;
}

/** Is told what came of a change before its caller is. */
export type Settled = (facts: RequestFacts, forwarded: Forwarded) => void;

/**
 * Records the intent of a change, sends it, and records its outcome. Rejects with what the caller is to be told; the outcome
 * is recorded then, too. `resourceIdOf` finds in an answer what the change made.
 */
export async function forwardChange(
  change: AuthorizedChange,
  progress: Progress,
  services: PipelineServices,
  resourceIdOf: (answer: UpstreamAnswer) => string | undefined = () => undefined,
  settled: Settled = () => undefined,
): Promise<UpstreamAnswer> {
  const { trail, upstream } = services;
  const { request } = change;
  progress.markRecorded();
  const recorded = await request.stages.run('record', () => trail.recordIntent(change));
  const send = (traceparent: string | undefined) => upstream.change(recorded, traceparent);
  const result = await sendTimed(request, send).catch(toGatewayError);
  const outcome =
    result instanceof GatewayError ? failedOutcome(result) : answered(result, resourceIdOf(result));
  const event = outcomeEvent(request, outcome, services.clock.now());
  settled(request, { outcome, indeterminate: event.status_id === 0 });
  await writeOutcome(event, request, services);
  if (result instanceof GatewayError) throw result;
  return result;
}

/** Sends a read and records its outcome. Needs a log that can be written. Rejects as `forwardChange` does. */
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

/** The caller gets the answer in any case: the intent is safe, and hiding what exists would make it worse. */
async function writeOutcome(
  event: ReturnType<typeof outcomeEvent>,
  { gatewayRequestId }: RequestFacts,
  { trail, logger }: PipelineServices,
): Promise<void> {
  try {
    await trail.recordFact(event);
  } catch (error) {
    logger.error({ gatewayRequestId, err: error }, 'the outcome of a request could not be recorded');
  }
}
