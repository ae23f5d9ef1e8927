// Counts and times a request, and ends its span, when its answer is out or its caller gone.
import type { RequestHandler } from 'express';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../request-context.ts';

export const observe =
  (metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const { route, progress, code, stages, gatewayRequestId } = contextOf(response);
      const { decision, target } = progress?.request ?? {};
      const status = response.writableFinished ? response.statusCode : undefined;
      metrics.served({
        route: route.template,
        method: request.method,
        decision: decision?.effect,
        status,
        code,
        violations: decision?.violations ?? [],
        seconds: (performance.now() - startedAt) / 1000,
        waited: target?.waitMs !== undefined,
      });
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
