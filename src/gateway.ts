// Puts the gateway together, opens its listeners, and takes it apart again: the one place that knows what is made of what
// and in which order it ends.
import { readFile } from 'node:fs/promises';
import type { Server as HttpsServer } from 'node:https';
import { createApp } from './app.ts';
import { type AuditLogParts, type AuditWatch, openAuditLog } from './audit/audit-log.ts';
import { policyLoadedEvent, policyRejectedEvent } from './audit/own-events.ts';
import type { AuditTrail } from './audit/trail.ts';
import type { Config } from './config/config.ts';
import { Preflight } from './creates/preflight.ts';
import { ReconcileCreates } from './creates/reconcile-creates.ts';
import { settleEarlierCreates } from './creates/settle-earlier-creates.ts';
import { adminListener } from './http/admin.ts';
import { readDocsFiles } from './http/docs-files.ts';
import { InFlight } from './http/in-flight.ts';
import {
  close,
  closeIdle,
  createListener,
  holdRequests,
  lastConnectionGone,
  listen,
  stopAccepting,
} from './http/listener.ts';
import { tlsOptions, watchTls } from './http/tls.ts';
import { WireFaults } from './http/wire-faults.ts';
import { createKeySets } from './identity/key-sets.ts';
import { RememberedTokens } from './identity/remembered-tokens.ts';
import { createVerifyToken } from './identity/verify-token.ts';
import { createPeering } from './operations/create-peering.ts';
import { deletePeering } from './operations/delete-peering.ts';
import { getPeering } from './operations/get-peering.ts';
import { listPeerings } from './operations/list-peerings.ts';
import { createRegistry } from './operations/registry.ts';
import { createAgent } from './outbound/exchange.ts';
import { PeeringWatch } from './peerings/peering-watch.ts';
import { createWorkerLoad } from './policy/load-in-worker.ts';
import type { PolicyData } from './policy/policy-data.ts';
import { PolicyStore } from './policy/store.ts';
import { openSharedState } from './state/shared-state.ts';
import { registerGauges } from './telemetry/gauges.ts';
import { Metrics } from './telemetry/metrics.ts';
import { openTracer } from './telemetry/tracer.ts';
import { Bulkhead } from './upstream/bulkhead.ts';
import { createUpstream } from './upstream/create-upstream.ts';
import { happensWithin } from './within.ts';

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
  const mostWaiting = Math.max(1, Math.floor(config.limits.maxInFlight / 4));
  const keySets = createKeySets(config.auth, {
    ...{ clock, logger, mostWaiting, agent: issuerAgent },
    observe: metrics.keysFetched.bind(metrics),
  });
  const policies = createPolicyStore(config, parts, trail, metrics);
  const inFlight = new InFlight(config.limits.maxInFlight);
  const wireFaults = new WireFaults({ clock, logger, refused: metrics.refused.bind(metrics) });
  const operations = [
    createPeering(config.scopes.create),
    listPeerings(config.scopes.list),
    getPeering(config.scopes.list),
    deletePeering(config.scopes.delete),
  ];
  const { client: upstream, breakers } = createUpstream(config.upstream, {
    ...{ clock, logger, agent: upstreamAgent, userAgent: `peergate/${parts.reporter.version}` },
    observeRequest: metrics.upstreamAnswered.bind(metrics),
    observeToken: metrics.tokenRequested.bind(metrics),
  });
  const tokens = new RememberedTokens(createVerifyToken(config.auth, keySets, clock), keySets, clock);
  const state = await openSharedState(config, parts);
  const turns = config.preflight === 'enforce' ? state.turns : undefined;
  const reconcile = new ReconcileCreates({ clock, logger, trail, upstream, turns });
  const preflight = new Preflight(upstream);
  const watch = new PeeringWatch(preflight, () => clock.now());
  const docsFiles = await readDocsFiles();
  const app = createApp(config, {
    clock,
    logger,
    telemetry: { metrics, tracer },
    policies,
    trail,
    inFlight,
    wireFaults,
    registry: createRegistry(operations, config.listen.basePath, docsFiles.keys()),
    tokens,
    upstream,
    reconcile,
    watch,
    guards: {
      idempotency: state.idempotency,
      turns,
      preflight,
      madeBy: (id) => reconcile.madeBy(id),
      keyFound: metrics.idempotency.bind(metrics),
    },
    bulkhead: new Bulkhead(config.limits.maxInFlight),
    rateLimitStore: state.rateLimitStore,
    openApi: await readOpenApi(config.listen.basePath),
    docsFiles,
  });
  const { tls, trustProxy } = config.listen;
  const bounds = { trustProxy, logger, closed: metrics.connectionClosed.bind(metrics) };
  const held = holdRequests(app, inFlight.max);
  const server = createListener(held.listener, { ...bounds, tls: tls && tlsOptions(tls) });
  const watchedTls = tls === undefined ? undefined : watchTls(server as HttpsServer, tls, logger);
  wireFaults.attach(server);
  const checks = {
    policy: () => policies.current() !== undefined,
    keys: () => [...keySets.values()].some((keys) => keys.known()),
    audit: () => trail.writable(),
    notStopping: () => !inFlight.stopping(),
  };
  const heldAdmin = holdRequests(adminListener(checks, metrics), inFlight.max);
  const admin = createListener(heldAdmin.listener, bounds);
  registerGauges(metrics, {
    inFlight: () => inFlight.count,
    maxInFlight: () => inFlight.max,
    waiting: () => watch.waiting,
    ready: () => Object.values(checks).every((holds) => holds()),
    auditWritable: checks.audit,
    auditWaiting: () => trail.waiting,
    logLinesDropped: parts.logLinesDropped ?? (() => 0),
    createsUnsettled: () => reconcile.open,
    policyVersion: () => policies.current().version,
    policyLoadedAt: () => policies.loadedAt,
    reportMode: () => policies.current().mode === 'report',
    policyRejected: () => policies.rejected,
    tokensRemembered: () => tokens.size,
    keySets,
    breakers,
    redisUp: () => state.redisUp(),
    certificateEndsAt: () => watchedTls?.endsAt(),
  });

  const closeRest = async () => {
    policies.stop();
    watchedTls?.stop();
    for (const keys of keySets.values()) keys.stop();
    const reconciled = reconcile.stop();
    state.stop();
    await tracer?.stop(lastSpansMs);
    await Promise.all([issuerAgent.destroy(), upstreamAgent.destroy()]);
    await reconciled;
    if (!(await happensWithin(lastSyncMs, audit.stop()))) logger.error('the audit log could not be closed');
  };

  try {
    const port = await listen(server, config.listen.port, config.listen.host);
    const adminPort = await listen(admin, config.listen.adminPort, config.listen.adminHost);
    // Nothing is written before the listeners are bound, and no request is served before the start is recorded.
    for (const keys of keySets.values()) keys.start();
    await audit.open();
    await recordPolicy(trail, parts, policies);
    policies.watch();
    held.open();
    heldAdmin.open();
    const { file } = config.audit;
    if (file !== undefined)
      void settleEarlierCreates({ file, before: audit.startedAfter, reconcile, ...parts });
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
    await closeRest();
    throw error;
  }

  async function drain(skipped: Promise<void>): Promise<void> {
    inFlight.drain();
    await happensWithin(config.shutdownDelayMs, skipped);
  }

  async function stop(): Promise<void> {
    const graceEnds = performance.now() + config.shutdownGraceMs;
    inFlight.drain();
    watch.stop();
    const connectionsGone = lastConnectionGone(server);
    await stopAccepting(server, config.shutdownGraceMs / 2);
    await happensWithin(Math.min(drainMs, config.shutdownGraceMs / 4), connectionsGone);
    await closeIdle(server, graceEnds - performance.now());
    const idle = inFlight.stop();
    if (!(await happensWithin(graceEnds - performance.now(), idle))) {
      logger.warn('requests are cut off at the end of the grace period');
      await upstreamAgent.destroy();
      await happensWithin(lastRecordsMs, idle);
    }
    server.closeAllConnections();
    watchedTls?.endConnections();
    admin.closeAllConnections();
    await Promise.all([close(server), close(admin)]);
    await closeRest();
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
    load: createWorkerLoad(),
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

/** The record of the policy that the gateway starts with. Without it the gateway runs, but is not ready. */
async function recordPolicy(trail: AuditTrail, parts: GatewayParts, policies: PolicyStore): Promise<void> {
  const { reporter, clock, logger } = parts;
  const versions = { old: undefined, new: policies.current().version };
  try {
    await trail.record(policyLoadedEvent(versions, reporter.instance, clock.now()));
  } catch (error) {
    logger.error({ err: error }, 'the loaded policy could not be recorded');
  }
}

/** The contract, with the address under which this instance serves it. */
async function readOpenApi(basePath: string): Promise<string> {
  const text = await readFile(new URL('../openapi/gateway.json', import.meta.url), 'utf8');
  const document = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...document, servers: [{ url: basePath === '' ? '/' : basePath }] });
}
