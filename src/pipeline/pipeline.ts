// The stages of every API request, from receipt to answer. A stage that refuses throws one `GatewayError`: `refuse` records
// it, and `http/respond/` answers it.
//
//   authenticate → caller rate limit → scope → parse → policy → run → answer
//
//   create   idempotency key → cluster lock → preflight → record intent → forward → record outcome
//   delete   find the peering → policy, by its account and region → record intent → forward → record outcome
//   reads    require a writable audit log → read → record outcome
import { refusedByUpstreamEvent, refusedEvent } from '../audit/record/request-events.ts';
import { type ErrorCode, toGatewayError } from '../errors.ts';
import { requireGrant } from '../request/authorize.ts';
import type { Progress } from '../request/progress.ts';
import { UpstreamRefused } from '../upstream/upstream-refused.ts';
import { type Answer, passOn } from './answer.ts';
import { authenticate, limitCaller, requireScope } from './authenticate.ts';
import type { Operation } from './operation.ts';
import { parse } from './parse.ts';
import type { PipelineServices } from './services.ts';

/** Completes a request, records included, even if the caller hangs up. Rejects with a `GatewayError`. */
export async function serve(
  operation: Operation,
  progress: Progress,
  services: PipelineServices,
): Promise<Answer> {
  try {
    const authenticated = progress.advance(await authenticate(progress.request, services.tokens));
    const limited = await limitCaller(authenticated, progress, services.callerLimit);
    const scoped = requireScope(limited, operation.scope, services.scopes);
    const parsed = progress.advance(await parse(operation, scoped));
    requireGrant(parsed, progress);
    const admitted = parsed.stages.runNow('authorize', () => operation.authorize(parsed, progress));
    if (operation.action !== undefined) parsed.slot.enterUpstream();
    return await operation.run(admitted, progress, services);
  } catch (error) {
    return await refuse(error, progress, services);
  }
}

/** Refusals that are logged but not recorded. */
const onlyLogged: readonly ErrorCode[] = ['token-missing', 'rate-limited', 'overloaded'];

/**
 * Records a refusal if a token was presented, and throws it. If the record cannot be written, the caller gets that error
 * instead. The upstream's own refusal of a read is passed on.
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
  if (isPresented && !recorded && !onlyLogged.includes(error.code))
    await trail.record(refusedEvent(request, error, clock.now()));
  throw error;
}
