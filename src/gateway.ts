// Puts the gateway together, opens its listeners, and takes it apart again: the one place that knows what is made of what
// and in which order it ends.
import type { Server as HttpsServer } from 'node:https';
import { createApp } from './app.ts';
import { settlesWithin } from './async/with-timeout.ts';
import { type AuditLogParts, type AuditWatch, openAuditLog } from './audit/log/audit-log.ts';
import type { AuditTrail } from './audit/log/trail.ts';
import {
  policyLoadedEvent,
  policyRejectedEvent,
  startedEvent,
  stoppedEvent,
} from './audit/record/gateway-events.ts';
import type { Config } from './config/config.ts';
import { adminListener } from './http/admin/admin-listener.ts';
import { readDocuments } from './http/docs/documents.ts';
import {
  close,
  closeIdle,
  createListener,
  holdRequests,
  lastConnectionGone,
  listen,
  stopAccepting,
} from './http/listener/create-listener.ts';
import { MalformedRequests } from './http/listener/malformed-requests.ts';
import { tlsOptions, watchTls } from './http/listener/tls.ts';
import { InFlight } from './http/middleware/in-flight.ts';
import { createRouteTable } from './http/route-table.ts';
import { createKeySets } from './identity/key-sets.ts';
import { TokenCache } from './identity/token-cache.ts';
import { createVerifyToken } from './identity/verify-token.ts';
import { operations } from './operations/registry.ts';
import { createAgent } from './outbound/exchange.ts';
import type { PolicyData } from './policy/engine/policy-data.ts';
import { loadInWorker } from './policy/store/load-in-worker.ts';
import { PolicyStore } from './policy/store/policy-store.ts';
import { settleEarlierChanges } from './reconciliation/load-pending.ts';
import { Reconciler } from './reconciliation/reconciler.ts';
import { RateLimiter } from './state/rate-limit/rate-limiter.ts';
import { openSharedState } from './state/shared-state.ts';
import { registerGauges } from './telemetry/gauges.ts';
import { Metrics } from './telemetry/metrics.ts';
import { openTracer } from './telemetry/tracer.ts';
import { createUpstream } from './upstream/create-upstream.ts';
import { NetworkReader } from './upstream/network-reader.ts';
import { PeeringPoller } from './upstream/peering-poller.ts';

export interface GatewayParts extends AuditLogParts {
  /** The policy to begin with. */
  readonly policy: { readonly data: PolicyData; readonly files: readonly string[] };
  /** Log lines that were dropped so far. */
  readonly logLinesDropped?: () => number;
}

export interface RunningGateway {
  readonly port: number;
  readonly adminPort: number;
  /** The policy in force. */
  policy(): Pick<PolicyData, 'version' | 'mode'>;
  /** Reads the policy's files again, as after a change. */
  reloadPolicy(): Promise<void>;
  /** Goes on in the audit file that is at its path now, as after a rotation. */
  reopenAudit(): Promise<void>;
  /**
   * Not ready any more, but serves on, one request a connection: for as long as `SHUTDOWN_DELAY_MS` says, or until `skipped`
   * resolves. Comes before `stop` when a load balancer has to learn first that this instance leaves.
   */
  drain(skipped: Promise<void>): Promise<void>;
  /** Refuses what is new, lets what is in flight finish for as long as the settings say, and closes everything. */
  stop(): Promise<void>;
}

/** After SIGTERM, requests that come on open connections are served for so long; a quarter of the grace at most. */
const drainMs = 500;
/** How long requests that were cut off at the end of the grace period have to write their records. */
const lastRecordsMs = 1000;

/** How long the last spans may take to reach their collector. */
const lastSpansMs = 1000;
/** How long the last signature and sync may take on a disk that may be hung. */
const lastSyncMs = 2500;

/** Rejects when a listener cannot be opened or an existing audit log not be read; then nothing of the gateway is left. */
export async function startGateway(config: Config, parts: GatewayParts): Promise<RunningGateway> {
  const { clock, logger } = parts;
  const metrics = new Metrics(parts.reporter.version);
  const tracer = await openTracer(config.tracing, { ...parts.reporter, logger });
  const audit = await openAuditLog(config.audit, { ...parts, watch: auditWatch(metrics) });
  const { trail } = audit;
  const issuerAgent = createAgent(config.upstream.connectTimeoutMs, 4);
  const upstreamAgent = createAgent(config.upstream.connectTimeoutMs, config.upstream.connections);
  // A quarter of the requests in flight: the rest is for those whose keys are known.
  const maxWaiting = Math.max(1, Math.floor(config.limits.maxInFlight / 4));
  const keySets = createKeySets(config.auth, {
    ...{ clock, logger, maxWaiting, agent: issuerAgent },
    observe: metrics.keysFetched.bind(metrics),
  });
  const policies = createPolicyStore(config, parts, trail, metrics);
  const inFlight = new InFlight(config.limits.maxInFlight);
  const malformedRequests = new MalformedRequests({ clock, logger, refused: metrics.refused.bind(metrics) });
  const { client: upstream, breakers } = createUpstream(config.upstream, {
    ...{ clock, logger, agent: upstreamAgent, userAgent: `peergate/${parts.reporter.version}` },
    observeRequest: metrics.upstreamAnswered.bind(metrics),
    observeToken: metrics.tokenRequested.bind(metrics),
  });
  const state = await openSharedState(config, parts);
  const clusterLock = config.preflight === 'enforce' ? state.clusterLock : undefined;
  const reconciler = new Reconciler({ clock, logger, trail, upstream, clusterLock });
  const tokens = new TokenCache(createVerifyToken(config.auth, keySets, clock), keySets, clock);
  const network = new NetworkReader(upstream);
  const poller = new PeeringPoller(network, clock);
  const documents = await readDocuments(config.listen.basePath);
  const limiter = (name: string, limitPerMinute: number) =>
    new RateLimiter({
      name,
      limitPerMinute,
      store: state.rateLimitStore(name),
      onLimited: () => metrics.rateLimited(name),
    });
  const app = createApp(config, {
    clock,
    logger,
    telemetry: { metrics, tracer },
    routes: createRouteTable(operations, config.listen.basePath, documents.keys()),
    documents,
    inFlight,
    addressLimit: limiter('address', config.limits.perAddressPerMinute),
    malformedRequests,
    policies,
    tokens,
    scopes: config.scopes,
    callerLimit: limiter('caller', config.limits.perCallerPerMinute),
    trail,
    upstream,
    network,
    poller,
    reconciler,
    idempotency: state.idempotency,
    observeKey: metrics.idempotency.bind(metrics),
    clusterLock,
  });
  const { tls, trustProxy } = config.listen;
  const bounds = { trustProxy, logger, closed: metrics.connectionClosed.bind(metrics) };
  const held = holdRequests(app);
  const server = createListener(held.listener, { ...bounds, tls: tls && tlsOptions(tls) });
  const watchedTls = tls === undefined ? undefined : watchTls(server as HttpsServer, tls, logger);
  malformedRequests.attach(server);
  const checks = {
    policy: () => policies.current() !== undefined,
    keys: () => [...keySets.values()].some((keys) => keys.known()),
    audit: () => trail.writable(),
    notStopping: () => !inFlight.stopping(),
  };
  const heldAdmin = holdRequests(adminListener(checks, metrics));
  const admin = createListener(heldAdmin.listener, bounds);
  registerGauges(metrics, {
    inFlight: () => inFlight.count,
    maxInFlight: () => inFlight.max,
    waiting: () => poller.waiting,
    ready: () => Object.values(checks).every((holds) => holds()),
    auditWritable: checks.audit,
    auditWaiting: () => trail.waiting,
    logLinesDropped: parts.logLinesDropped ?? (() => 0),
    pendingReconciliations: () => reconciler.open,
    policyVersion: () => policies.current().version,
    policyLoadedAt: () => policies.loadedAt,
    reportMode: () => policies.current().mode === 'report',
    policyRejected: () => policies.rejected,
    tokenCacheEntries: () => tokens.size,
    keySets,
    breakers,
    redisUp: () => state.redisUp(),
    certificateEndsAt: () => watchedTls?.endsAt(),
  });

  const closeRest = async (started: boolean) => {
    policies.stop();
    watchedTls?.stop();
    for (const keys of keySets.values()) keys.stop();
    const reconciled = reconciler.stop();
    state.stop();
    await tracer?.stop(lastSpansMs);
    await Promise.all([issuerAgent.destroy(), upstreamAgent.destroy()]);
    await reconciled;
    // What is not written by then is waited for with the rest of the log.
    if (started)
      trail.recordFact(stoppedEvent(parts.reporter.instance, clock.now())).catch((error: unknown) => {
        logger.error({ err: error }, 'the stop could not be recorded');
      });
    if (!(await settlesWithin(lastSyncMs, audit.stop()))) logger.error('the audit log could not be closed');
  };

  try {
    const port = await listen(server, config.listen.port, config.listen.host);
    const adminPort = await listen(admin, config.listen.adminPort, config.listen.adminHost);
    // Nothing is written before the listeners are bound, and no request is served before the start is recorded.
    for (const keys of keySets.values()) keys.start();
    await audit.open();
    await recordStart(trail, parts, policies);
    policies.watch();
    held.open();
    heldAdmin.open();
    void metrics.open();
    const { file } = config.audit;
    const { continues } = audit;
    if (file !== undefined && continues !== undefined)
      void settleEarlierChanges({ file, before: continues, reconciler, ...parts });
    return {
      port,
      adminPort,
      drain,
      stop,
      policy: () => policies.current(),
      reloadPolicy: () => policies.reload(),
      reopenAudit: audit.reopen,
    };
  } catch (error) {
    // Requests that were held are dropped: nobody will serve them.
    server.closeAllConnections();
    watchedTls?.endConnections();
    await Promise.all([close(server), close(admin)]);
    await closeRest(false);
    throw error;
  }

  async function drain(skipped: Promise<void>): Promise<void> {
    inFlight.drain();
    await settlesWithin(config.shutdownDelayMs, skipped);
  }

  async function stop(): Promise<void> {
    const graceEnds = performance.now() + config.shutdownGraceMs;
    inFlight.drain();
    poller.stop();
    const connectionsGone = lastConnectionGone(server);
    await stopAccepting(server, config.shutdownGraceMs / 2);
    await settlesWithin(Math.min(drainMs, config.shutdownGraceMs / 4), connectionsGone);
    await closeIdle(server, graceEnds - performance.now());
    const idle = inFlight.stop();
    if (!(await settlesWithin(graceEnds - performance.now(), idle))) {
      logger.warn('requests are cut off at the end of the grace period');
      await upstreamAgent.destroy();
      await settlesWithin(lastRecordsMs, idle);
    }
    server.closeAllConnections();
    watchedTls?.endConnections();
    admin.closeAllConnections();
    await Promise.all([close(server), close(admin)]);
    await closeRest(true);
  }
}

const auditWatch = (metrics: Metrics): AuditWatch => ({
  sealed: metrics.recordSealed.bind(metrics),
  written: metrics.recordWritten.bind(metrics),
  failed: metrics.recordFailed.bind(metrics),
  synced: metrics.fileSynced.bind(metrics),
});

function createPolicyStore(
  config: Config,
  parts: GatewayParts,
  trail: AuditTrail,
  metrics: Metrics,
): PolicyStore {
  const { clock, logger, policy } = parts;
  const { instance } = parts.reporter;
  return new PolicyStore(policy, {
    clock,
    logger,
    policyFile: config.policyFile,
    testsFile: config.policyTestsFile,
    load: loadInWorker,
    events: {
      async loaded(versions) {
        await trail.record(policyLoadedEvent(versions, instance, clock.now()));
        metrics.policyLoaded('loaded');
      },
      async rejected(versions, faults) {
        metrics.policyLoaded('rejected');
        await trail.record(policyRejectedEvent(versions, faults, instance, clock.now()));
      },
    },
  });
}

/** The first records of a run. Without them the gateway runs, but is not ready. */
async function recordStart(trail: AuditTrail, parts: GatewayParts, policies: PolicyStore): Promise<void> {
  const { reporter, clock, logger } = parts;
  const versions = { old: undefined, new: policies.current().version };
  try {
    await Promise.all([
      trail.recordFact(startedEvent(reporter.instance, clock.now())),
      trail.recordFact(policyLoadedEvent(versions, reporter.instance, clock.now())),
    ]);
  } catch (error) {
    logger.error({ err: error }, 'the start could not be recorded yet');
  }
}
