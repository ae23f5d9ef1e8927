// The way of every request to the API, from its receipt to its answer. A stage that refuses throws one `GatewayError`; its
// audit record is made here, and its answer at the HTTP border.
//
//   authenticate → caller rate limit → scope → parse → policy → run → answer
//
//   create   idempotency key → cluster lock → preflight → record intent → forward → record outcome
//   delete   find the peering → policy, by its place → record intent → forward → record outcome
//   reads    require a writable log → read → record outcome
import { refusedByUpstreamEvent, refusedEvent } from '../audit/record/request-events.ts';
import { type ErrorCode, toGatewayError } from '../errors.ts';
import type { Progress } from '../request/progress.ts';
import { UpstreamRefused } from '../upstream/upstream-refused.ts';
import { type Answer, passOn } from './answer.ts';
import { authenticate, limitCaller, requireScope } from './authenticate.ts';
import type { Operation } from './operation.ts';
import { parse } from './parse.ts';
import type { PipelineServices } from './services.ts';

/** Serves a request to its end, records included, whether or not the caller is still there. Rejects with a `GatewayError`. */
export async function serve(
  operation: Operation,
  progress: Progress,
  services: PipelineServices,
): Promise<Answer> {
  try {
    const authenticated = progress.advance(await authenticate(progress.request, services.tokens));
    const limited = await limitCaller(authenticated, progress, services.callerLimit);
    requireScope(limited, operation.scope, services.scopes);
    const parsed = progress.advance(await parse(operation, limited));
    const admitted = parsed.stages.runNow('authorize', () => operation.authorize(parsed, progress));
    if (operation.action !== undefined) parsed.slot.enterUpstream();
    return await operation.run(admitted, progress, services);
  } catch (error) {
    return await refuse(error, progress, services);
  }
}

/** Not recorded, only logged (interface, section 5). */
const onlyLogged: readonly ErrorCode[] = ['token-missing', 'rate-limited', 'overloaded'];
/** Refusals of these are only logged, too: nothing of the upstream is asked for. */
const onlyLoggedEvents: readonly string[] = ['policy.read'];

/**
 * Records a refusal, once a token was presented, and throws it. If the record cannot be written, the caller gets that error
 * instead: a refusal that nobody can prove is not given. The upstream's own refusal of a read is passed on.
 */
export async function refuse(
  thrown: unknown,
  progress: Progress,
  { trail, clock }: Pick<PipelineServices, 'trail' | 'clock'>,
): Promise<Answer> {
  const { request, recorded } = progress;
  if (thrown instanceof UpstreamRefused) {
    await trail.record(refusedByUpstreamEvent(request, thrown.answer, clock.now()));
    return passOn(thrown.answer);
  }
  const error = toGatewayError(thrown);
  const isPresented = request.raw.headers.authorization !== undefined;
  const isOnlyLogged = onlyLogged.includes(error.code) || onlyLoggedEvents.includes(request.operation.events);
  if (isPresented && !recorded && !isOnlyLogged)
    await trail.record(refusedEvent(request, error, clock.now()));
  throw error;
}
