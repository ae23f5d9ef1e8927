// The whole way of a request, in the order in which it happens. A step that says no throws one `GatewayError`; the last
// lines make its record and its answer, and nothing else does.
import express, { type Express } from 'express';
import type { AuditTrail } from './audit/log/trail.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { authenticate, requireScope } from './http/authenticate.ts';
import type { DocsFiles } from './http/docs/docs-files.ts';
import { serveDocsPages } from './http/docs/docs-pages.ts';
import { serveOpenApi } from './http/docs/open-api.ts';
import { serveEffectivePolicy } from './http/effective-policy.ts';
import { limitLingering } from './http/listener/linger.ts';
import type { WireFaults } from './http/listener/malformed-requests.ts';
import { accessLog } from './http/middleware/access-log.ts';
import type { InFlight } from './http/middleware/in-flight.ts';
import { observe } from './http/middleware/observe.ts';
import { receive } from './http/middleware/receive.ts';
import { requireRoute } from './http/middleware/require-route.ts';
import { securityHeaders } from './http/middleware/security-headers.ts';
import { recordRefusal } from './http/record-refusal.ts';
import { endConnection, renderError } from './http/respond/render-error.ts';
import type { Registry } from './http/route-table.ts';
import { runOperation } from './http/run-operation.ts';
import type { RememberedTokens } from './identity/token-cache.ts';
import type { Logger } from './logging/logger.ts';
import type { CreateGuards } from './operations/create-peering/create-once.ts';
import type { PeeringWatch } from './operations/get-peering/peering-poller.ts';
import type { PolicyStore } from './policy/store/policy-store.ts';
import type { ReconcileCreates } from './reconciliation/reconciler.ts';
import { addressRateLimit, callerRateLimit, type StoreFor } from './state/rate-limit/rate-limiter.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Bulkhead } from './upstream/bulkhead.ts';
import type { UpstreamClient } from './upstream/client.ts';

/** Everything that serving a request needs; made and torn down by `gateway.ts`. */
export interface AppServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly inFlight: InFlight;
  readonly wireFaults: WireFaults;
  readonly tokens: RememberedTokens;
  readonly policies: PolicyStore;
  readonly trail: AuditTrail;
  readonly upstream: UpstreamClient;
  readonly reconcile: ReconcileCreates;
  readonly guards: CreateGuards;
  readonly watch: PeeringWatch;
  readonly bulkhead: Bulkhead;
  readonly rateLimitStore: StoreFor;
  /** `openapi/gateway.yaml` as JSON text. */
  readonly openApi: string;
  /** What is served at `/docs` and below. */
  readonly docsFiles: DocsFiles;
}

export function createApp(config: Pick<Config, 'listen' | 'limits'>, services: AppServices): Express {
  const { clock, logger, inFlight, wireFaults, trail, rateLimitStore } = services;
  const { metrics } = services.telemetry;
  const { perAddressPerMinute, perCallerPerMinute } = config.limits;
  const rateLimits = { storeFor: rateLimitStore, limited: metrics.rateLimited.bind(metrics) };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('trust proxy', [...config.listen.trustProxy]);

  // One route for everything: its steps follow one another without a look at the path before each.
  const way = app.route(/^/);
  way.all((request, response, next) => {
    wireFaults.track(request, response);
    next();
  });
  way.all(receive(services));
  way.all(observe(metrics));
  way.all(accessLog(logger));
  way.all(securityHeaders());
  way.all(limitLingering);
  way.all(inFlight.middleware);
  way.all(requireRoute);
  way.all(addressRateLimit(perAddressPerMinute, rateLimits));
  way.all(serveOpenApi(services.openApi));
  way.all(serveDocsPages(services.docsFiles));
  way.all(authenticate(services.tokens));
  way.all(callerRateLimit(perCallerPerMinute, rateLimits));
  way.all(serveEffectivePolicy(clock));
  way.all(requireScope);
  way.all(runOperation(services));
  way.all(recordRefusal(trail, clock));
  way.all(renderError(logger));
  way.all(endConnection(logger));
  return app;
}
