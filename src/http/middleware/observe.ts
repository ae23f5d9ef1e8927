// Counts and times a request and ends its span, when it has been answered or its caller has hung up.
import type { Request, Response } from 'express';
import type { Decision } from '../../policy/engine/decision.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf, type RequestContext } from '../request-context.ts';

export function observe(metrics: Metrics, request: Request, response: Response): void {
  const startedAt = performance.now();
  response.once('close', () => {
    const context = contextOf(response);
    // Without a status, the caller hung up before the answer was sent.
    const status = response.writableFinished ? response.statusCode : undefined;
    const seconds = (performance.now() - startedAt) / 1000;
    countRequest(metrics, context, request.method, status, seconds);
    endSpan(context, request.method, status);
  });
}

/** Others are counted as `other`: callers must not add label values. */
const methods = ['GET', 'HEAD', 'POST', 'DELETE'];

function countRequest(
  metrics: Metrics,
  context: RequestContext,
  method: string,
  status: number | undefined,
  seconds: number,
): void {
  const { route, code, progress } = context;
  const { target } = progress?.request ?? {};
  const decision = decisionOf(context);
  const path = route.template ?? 'none';
  const known = methods.includes(method) ? method : 'other';
  metrics.count('requests_total', [path, known, decision?.effect ?? 'none', String(status ?? 'aborted')]);
  // The duration of a waiting request says nothing about the gateway.
  if (target?.waitMs === undefined) metrics.observe('request_duration_seconds', seconds, path);
  if (code !== undefined) metrics.count('refusals_total', [code]);
  for (const violation of decision?.violations ?? [])
    metrics.count('policy_violations_total', [violation.code]);
}

/** Attribute names of the OpenTelemetry semantic conventions for HTTP. */
function endSpan(context: RequestContext, method: string, status: number | undefined): void {
  const { stages, route, code, gatewayRequestId } = context;
  stages.span?.set({
    'http.request.method': method,
    'http.route': route.template,
    'http.response.status_code': status,
    'error.type': code,
    'peergate.gateway_request_id': gatewayRequestId,
    'peergate.decision': decisionOf(context)?.effect,
  });
  stages.span?.end();
}

const decisionOf = ({ progress }: RequestContext): Decision | undefined => progress?.request.decision;
