// The first step: determines ids, client address and route of a request, and the headers of every answer. Refuses nothing.
import type { Request, Response } from 'express';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type StageName, Stages } from '../../telemetry/stages.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import { type RequestContext, setContext } from '../request-context.ts';
import type { RouteTable } from '../route-table.ts';
import { clientAddresses } from './client-address.ts';
import { securityFields } from './security-headers.ts';

/** Other values are replaced by the gateway's own id. */
const goodRequestId = /^[A-Za-z0-9._:~+/=-]{1,128}$/;

export interface ReceiveServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly routes: RouteTable;
  readonly telemetry: { readonly metrics: Metrics; readonly tracer: Tracer | undefined };
}

export function receive({
  clock,
  logger,
  routes,
  telemetry,
}: ReceiveServices): (request: Request, response: Response) => RequestContext {
  const { metrics, tracer } = telemetry;
  const observe = (stage: StageName, seconds: number) =>
    metrics.observe('stage_duration_seconds', seconds, stage);
  const clientAddress = clientAddresses(logger);
  const sameForAll = ['Cache-Control', 'no-store', ...securityFields().flat()];
  return (request, response) => {
    const gatewayRequestId = clock.newId();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && goodRequestId.test(given) ? given : gatewayRequestId;
    const route = routes.match(request.method, request.url);
    const span = tracer?.request(`${request.method} ${route.template ?? ''}`.trim(), traceparentOf(request));
    const context = {
      startedAt: clock.now(),
      gatewayRequestId,
      requestId,
      clientAddress: clientAddress(request),
      route,
      stages: new Stages(observe, span),
      fields: ['X-Gateway-Request-Id', gatewayRequestId, 'X-Request-Id', requestId, ...sameForAll],
    };
    setContext(response, context);
    return context;
  };
}

/** Node joins two headers with a comma, which is not well-formed. */
function traceparentOf({ headers }: Request): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}
