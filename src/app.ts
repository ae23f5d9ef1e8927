// The Express app, and the way of every request through it. A step that refuses throws one `GatewayError`. Only the end of
// `serveRequest` answers it.
import express, { type Express, type RequestHandler } from 'express';
import type { Config } from './config/config.ts';
import { type ApiServices, recordEarlyRefusal, serveOperation } from './http/api-handler.ts';
import type { Documents } from './http/docs/documents.ts';
import { sendDocument } from './http/docs/send-document.ts';
import { checkMessage } from './http/listener/check-message.ts';
import { CountedMessage } from './http/listener/counted-message.ts';
import { limitLingering } from './http/listener/linger.ts';
import { accessLog } from './http/middleware/access-log.ts';
import { limitAddress } from './http/middleware/address-rate-limit.ts';
import type { InFlight } from './http/middleware/in-flight.ts';
import { observe } from './http/middleware/observe.ts';
import { type ReceiveServices, receive } from './http/middleware/receive.ts';
import { endConnection, renderError } from './http/respond/render-error.ts';
import { requireRoute } from './http/route-table.ts';
import type { RateLimiter } from './state/rate-limit/rate-limiter.ts';

/** Everything that serving a request needs. `components.ts` opens and closes it. */
interface AppServices extends ApiServices, ReceiveServices {
  readonly documents: Documents;
  readonly inFlight: InFlight;
  readonly addressLimit: RateLimiter;
}

export function createApp({ listen }: Pick<Config, 'listen'>, services: AppServices): Express {
  const { logger } = services;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Express gives requests another prototype, without this method.
  app.request.push = CountedMessage.prototype.push;
  app.set('query parser', false);
  app.set('trust proxy', [...listen.trustProxy]);

  // One handler for all steps: Express reaches each handler through several calls and a closure.
  app.use(serveRequest(services, listen.basePath));
  app.use(endConnection(logger));
  return app;
}

/** Never rejects unless rendering an error fails. */
function serveRequest(services: AppServices, basePath: string): RequestHandler {
  const { logger, inFlight, addressLimit, documents, telemetry } = services;
  const begin = receive(services);
  const log = accessLog(logger);
  return async (request, response) => {
    const context = begin(request, response);
    observe(telemetry.metrics, request, response);
    log(request, response);
    limitLingering(request, response);
    try {
      inFlight.admit(response);
      await limitAddress(addressLimit, context);
      checkMessage(request);
      const route = requireRoute(context.route);
      if (route.kind === 'document') sendDocument(documents, route.template, request, response);
      else await serveOperation(services, route, request, response);
    } catch (error) {
      const refusal = await recordEarlyRefusal(services, error, request, response);
      renderError(logger, basePath, refusal, request, response);
    }
  };
}
