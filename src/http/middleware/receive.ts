// The first step: gives every request its ids, its address and its route, and the headers that every answer has. Refuses
// nothing.
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { type StageName, Stages } from '../../telemetry/stages.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { setContext } from '../request-context.ts';
import type { RouteTable } from '../route-table.ts';
import { clientAddresses } from './client-address.ts';

/** The interface's set of characters, 1 to 128 of them. */
const goodRequestId = /^[A-Za-z0-9._:~+/=-]{1,128}$/;

export interface ReceiveServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly routes: RouteTable;
  readonly telemetry: Telemetry;
}

export function receive({ clock, logger, routes, telemetry }: ReceiveServices): RequestHandler {
  const { metrics, tracer } = telemetry;
  const observe = (stage: StageName, seconds: number) =>
    metrics.observe('stage_duration_seconds', seconds, stage);
  const clientAddress = clientAddresses(logger);
  return (request, response, next) => {
    const gatewayRequestId = clock.newId();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && goodRequestId.test(given) ? given : gatewayRequestId;
    const route = routes.match(request.method, request.url);
    const span = tracer?.request(`${request.method} ${route.template ?? ''}`.trim(), traceparentOf(request));
    setContext(response, {
      startedAt: clock.now(),
      gatewayRequestId,
      requestId,
      clientAddress: clientAddress(request),
      route,
      stages: new Stages(observe, span),
      fields: [
        'X-Gateway-Request-Id',
        gatewayRequestId,
        'X-Request-Id',
        requestId,
        'Cache-Control',
        'no-store',
      ],
    });
    next();
  };
}

/** Of two of them Node makes one with a comma, which is not well-formed. */
function traceparentOf({ headers }: Request): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}
