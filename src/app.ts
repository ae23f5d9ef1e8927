// The whole way of a request, in the order in which it happens. A step that says no throws one `GatewayError`; the last
// lines make its record and its answer, and nothing else does.
import express, { type Express } from 'express';
import type { AuditTrail } from './audit/trail.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { CreateGuards } from './creates/create-once.ts';
import type { ReconcileCreates } from './creates/reconcile-creates.ts';
import { accessLog } from './http/access-log.ts';
import { authenticate, requireScope } from './http/authenticate.ts';
import type { DocsFiles } from './http/docs-files.ts';
import { serveDocsPages } from './http/docs-pages.ts';
import { serveOpenApi } from './http/documents.ts';
import { serveEffectivePolicy } from './http/effective-policy.ts';
import type { InFlight } from './http/in-flight.ts';
import { limitLingering } from './http/linger.ts';
import { observe } from './http/observe.ts';
import { addressRateLimit, callerRateLimit, type StoreFor } from './http/rate-limits.ts';
import { receive } from './http/receive.ts';
import { recordRefusal } from './http/record-refusal.ts';
import { endConnection, renderError } from './http/render-error.ts';
import { requireRoute } from './http/require-route.ts';
import { runOperation } from './http/run-operation.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { WireFaults } from './http/wire-faults.ts';
import type { RememberedTokens } from './identity/remembered-tokens.ts';
import type { Logger } from './log/logger.ts';
import type { Registry } from './operations/registry.ts';
import type { PeeringWatch } from './peerings/peering-watch.ts';
import type { PolicyStore } from './policy/store.ts';
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
  const { clock, logger, inFlight, trail, rateLimitStore } = services;
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
  way.all(receive(services));
  way.all(observe(metrics));
  way.all(accessLog(logger));
  way.all(securityHeaders());
  way.all(limitLingering);
  way.all(inFlight.middleware);
  way.all(addressRateLimit(perAddressPerMinute, rateLimits));
  way.all(requireRoute);
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
