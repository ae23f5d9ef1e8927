// The Express app: the middleware that every request passes, in order, then the documents, then the API. A step that refuses
// throws one `GatewayError`. Only the error handlers at the end answer it.
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
import { type ReceiveServices, receive } from './http/middleware/receive.ts';
import { requireRoute } from './http/middleware/require-route.ts';
import { securityHeaders } from './http/middleware/security-headers.ts';
import { endConnection, renderError } from './http/respond/render-error.ts';
import type { RateLimiter } from './state/rate-limit/rate-limiter.ts';

/** Everything that serving a request needs. `gateway.ts` opens and closes it. */
interface AppServices extends ApiServices, ReceiveServices {
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

  // One route for all paths: Express then matches the path once, not before each handler.
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
