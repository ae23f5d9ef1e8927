// The service's front door: what every request passes, in this order, then the documents, then the API. A step that refuses
// throws one `GatewayError`; the last lines make its answer, and nothing else does.
import express, { type Express } from 'express';
import type { Config } from './config/config.ts';
import { type ApiServices, apiHandler, recordEarlyRefusal } from './http/api-handler.ts';
import type { Documents } from './http/docs/documents.ts';
import { serveDocuments } from './http/docs/serve-documents.ts';
import { limitLingering } from './http/listener/linger.ts';
import { accessLog } from './http/middleware/access-log.ts';
import { addressRateLimit } from './http/middleware/address-rate-limit.ts';
import type { InFlight } from './http/middleware/in-flight.ts';
import { observe } from './http/middleware/observe.ts';
import { receive } from './http/middleware/receive.ts';
import { requireRoute } from './http/middleware/require-route.ts';
import { securityHeaders } from './http/middleware/security-headers.ts';
import { endConnection, renderError } from './http/respond/render-error.ts';
import type { RouteTable } from './http/route-table.ts';
import type { RateLimiter } from './state/rate-limit/rate-limiter.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** Everything that serving a request needs. Made and closed by `gateway.ts`. */
export interface AppServices extends ApiServices {
  readonly telemetry: Telemetry;
  readonly routes: RouteTable;
  readonly documents: Documents;
  readonly inFlight: InFlight;
  readonly addressLimit: RateLimiter;
}

export function createApp({ listen }: Pick<Config, 'listen'>, services: AppServices): Express {
  const { logger, inFlight, telemetry } = services;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('trust proxy', [...listen.trustProxy]);

  // One route for everything: its handlers follow one another without a look at the path before each.
  const route = app.route(/^/);
  route.all(receive(services));
  route.all(observe(telemetry.metrics));
  route.all(accessLog(logger));
  route.all(securityHeaders());
  route.all(limitLingering);
  route.all(inFlight.middleware);
  route.all(addressRateLimit(services.addressLimit));
  route.all(requireRoute);
  route.all(serveDocuments(services.documents));
  route.all(apiHandler(services));
  route.all(recordEarlyRefusal(services));
  route.all(renderError(logger, listen.basePath));
  route.all(endConnection(logger));
  return app;
}
