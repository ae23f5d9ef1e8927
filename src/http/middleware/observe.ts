// Counts and times a request, and ends its span, when its answer is out or its caller gone.
import type { RequestHandler } from 'express';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../request-context.ts';

const methods = ['GET', 'HEAD', 'POST', 'DELETE'];

export const observe =
  (metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const { route, progress, code, stages, gatewayRequestId } = contextOf(response);
      const { decision, target } = progress?.request ?? {};
      // Without one, the caller hung up before the answer was out.
      const status = response.writableFinished ? response.statusCode : undefined;
      const path = route.template ?? 'none';
      const method = methods.includes(request.method) ? request.method : 'other';
      metrics.count('requests_total', [
        path,
        method,
        decision?.effect ?? 'none',
        String(status ?? 'aborted'),
      ]);
      // The time of a request that waits says nothing about the gateway.
      if (target?.waitMs === undefined)
        metrics.observe('request_duration_seconds', (performance.now() - startedAt) / 1000, path);
      if (code !== undefined) metrics.count('refusals_total', [code]);
      for (const violation of decision?.violations ?? [])
        metrics.count('policy_violations_total', [violation.code]);
      // Names by the OpenTelemetry semantic conventions for HTTP.
      stages.span?.set({
        'http.request.method': request.method,
        'http.route': route.template,
        'http.response.status_code': status,
        'error.type': code,
        'peergate.gateway_request_id': gatewayRequestId,
        'peergate.decision': decision?.effect,
      });
      stages.span?.end();
    });
    next();
  };
