// Starts a gateway and stops it in an order that loses no request and no record.
import type { Server as HttpsServer } from 'node:https';
import { createApp } from './app.ts';
import { settlesWithin } from './async/with-timeout.ts';
import { policyLoadedEvent, startedEvent } from './audit/record/gateway-events.ts';
import { type Components, type GatewayParts, openComponents } from './components.ts';
import type { Config } from './config/config.ts';
import { unreadIn } from './fleet/snapshot.ts';
import { adminListener, type ReadinessChecks } from './http/admin/admin-listener.ts';
import { readDocuments } from './http/docs/documents.ts';
import type { CloseReason } from './http/listener/connection.ts';
import {
  close,
  closeIdle,
  createListener,
  holdRequests,
  lastConnectionGone,
  listen,
  stopAccepting,
} from './http/listener/create-listener.ts';
import { tlsOptions, watchTls } from './http/listener/tls.ts';
import { createRouteTable } from './http/route-table.ts';
import type { KeySet } from './identity/key-set.ts';
import { operations } from './operations/registry.ts';
import { ChangeForwarder } from './pipeline/forward.ts';
import type { PolicyData } from './policy/engine/policy-data.ts';
import { settleEarlierChanges } from './reconciliation/settle-earlier-changes.ts';

export interface RunningGateway {
  readonly port: number;
  readonly adminPort: number;
  /** The policy in force. */
  policy(): Pick<PolicyData, 'version' | 'mode'>;
  /** Reads the issuers' and the policy's files again, as after a change. */
  reload(): Promise<void>;
  /** Goes on in the audit file that is at its path now, as after a rotation. */
  reopenAudit(): Promise<void>;
  /** Loads what measures the process, unless `/metrics` was asked for before. It takes long, and the start does not need it. */
  openMetrics(): Promise<void>;
  /**
   * Fails readiness but keeps serving, one request per connection, for `SHUTDOWN_DELAY_MS` or until `skipped` resolves. Called
   * before `stop`, so that a load balancer notices first.
   */
  drain(skipped: Promise<void>): Promise<void>;
  /** Refuses new requests, lets those in flight finish within `SHUTDOWN_GRACE_MS`, and closes everything. */
  stop(): Promise<void>;
}

/** After SIGTERM, requests on open connections are still served for this long, but at most a quarter of the grace period. */
const drainMs = 500;
/** Time for requests that the end of the grace period aborts to write their records. */
const lastRecordsMs = 1000;

/** Rejects if a listener cannot be opened or an existing audit log cannot be read. Everything is closed then. */
export async function startGateway(config: Config, parts: GatewayParts): Promise<RunningGateway> {
  const components = await openComponents(config, parts);
  const { policies, identity, audit, inFlight } = components;
  let listeners: Listeners | undefined;
  try {
    listeners = await createListeners(config, parts, components);
    const opened = listeners;
    const { port, adminPort } = await start(config, parts, components, opened);
    return {
      port,
      adminPort,
      policy: () => policies.current(),
      async reload() {
        await identity.reload?.reload();
        await policies.reload();
      },
      reopenAudit: audit.reopen,
      async openMetrics() {
        await components.metrics.open();
      },
      async drain(skipped) {
        inFlight.drain();
        await settlesWithin(config.shutdownDelayMs, skipped);
      },
      stop: () => stop(config, parts, components, opened),
    };
  } catch (error) {
    if (listeners !== undefined) await closeListeners(listeners);
    await components.close(false);
    throw error;
  }
}

type Listeners = Awaited<ReturnType<typeof createListeners>>;

/** The public and the admin listener, not listening yet. */
async function createListeners(config: Config, parts: GatewayParts, components: Components) {
  const { logger } = parts;
  const { metrics, malformedRequests, inFlight } = components;
  const { tls, trustProxy } = config.listen;
  const app = await composeApp(config, parts, components);
  const bounds = {
    trustProxy,
    logger,
    closed: (reason: CloseReason) => metrics.count('connections_closed_total', [reason]),
  };
  const held = holdRequests(app, inFlight.max);
  const server = createListener(held.listener, { ...bounds, tls: tls && tlsOptions(tls) });
  const watchedTls = tls === undefined ? undefined : watchTls(server as HttpsServer, tls, logger);
  malformedRequests.attach(server);
  const checks = readinessChecks(components);
  const heldAdmin = holdRequests(adminListener(checks, metrics), inFlight.max);
  const admin = createListener(heldAdmin.listener, bounds);
  registerReadings(components, parts, checks, () => watchedTls?.endsAt());
  return { server, admin, held, heldAdmin, watchedTls };
}

async function composeApp(config: Config, { clock, logger }: GatewayParts, components: Components) {
  const { metrics, tracer, audit, identity, upstream, state, ...services } = components;
  const documents = await readDocuments(config.listen.basePath);
  return createApp(config, {
    ...services,
    clock,
    logger,
    telemetry: { metrics, tracer },
    routes: createRouteTable(operations, config.listen.basePath, documents.keys()),
    documents,
    tokens: identity.tokens,
    scopes: config.scopes,
    forwarder: new ChangeForwarder({ trail: audit.trail, upstream: upstream.client, clock, logger }),
    trail: audit.trail,
    upstream: upstream.client,
    network: upstream.network,
    poller: upstream.poller,
    idempotency: state.idempotency,
    observeKey: (state) => metrics.count('idempotency_total', [state]),
  });
}

const readinessChecks = ({ policies, identity, audit, inFlight }: Components) =>
  ({
    policy: () => policies.current() !== undefined,
    keys: () => identity.issuers.all().some(({ keys }) => keys.known()),
    audit: () => audit.trail.writable(),
    notStopping: () => !inFlight.stopping(),
  }) satisfies ReadinessChecks;

function registerReadings(
  components: Components,
  { logLinesDropped = () => 0 }: GatewayParts,
  checks: ReturnType<typeof readinessChecks>,
  certificateEndsAt: () => number | undefined,
): void {
  const { metrics, inFlight, upstream, audit, reconciler, policies, identity, state } = components;
  const ofKeySets = (value: (keys: KeySet) => number) =>
    identity.issuers.all().map(({ rules, keys }) => [rules.issuer, value(keys)] as const);
  metrics.read({
    requests_in_flight: () => inFlight.count,
    requests_in_flight_max: () => inFlight.max,
    requests_waiting: () => upstream.poller.waiting,
    ready: () => Number(Object.values(checks).every((holds) => holds())),
    audit_writable: () => Number(checks.audit()),
    audit_queue_records: () => audit.trail.waiting,
    pending_reconciliations: () => reconciler.open,
    policy_info: () => [[policies.current().version, 1]],
    policy_loaded_timestamp_seconds: () => policies.loadedAt / 1000,
    policy_rejected: () => Number(policies.rejected),
    policy_report_mode: () => Number(policies.current().mode === 'report'),
    ...fleetReadings(components),
    token_cache_entries: () => identity.tokens.size,
    keys: () => ofKeySets(({ count }) => count),
    keys_ignored: () => ofKeySets(({ ignored }) => ignored),
    keys_fetched_timestamp_seconds: () => ofKeySets(({ fetchedAt = 0 }) => fetchedAt / 1000),
    breaker_open: () =>
      Object.entries(upstream.breakers).map(([method, { open }]) => [method, Number(open)] as const),
    redis_up: () => optional(state.redisUp()),
    tls_certificate_expires_timestamp_seconds: () => optional(certificateEndsAt(), 1000),
    log_lines_dropped_total: logLinesDropped,
  });
}

/** None with FLEET_REFRESH_SECONDS=0. */
const fleetReadings = ({ fleet, fleetCounts }: Components) => ({
  fleet_peerings: () => fleetCounts?.byStatus ?? [],
  fleet_findings: () => fleetCounts?.byFinding ?? [],
  fleet_lapsing: () => fleetCounts?.lapsing,
  fleet_unread_clusters: () => fleet?.snapshot && unreadIn(fleet.snapshot).length,
  fleet_snapshot_timestamp_seconds: () => fleet && (fleet.snapshot?.generatedAt ?? 0) / 1000,
  fleet_snapshot_max_age_seconds: () => fleet && fleet.maxAgeMs / 1000,
});

const optional = (value: number | boolean | undefined, unit = 1): number | undefined =>
  value === undefined ? undefined : Number(value) / unit;

/** Writes no record before the listeners are bound, and serves no request before the start is recorded. */
async function start(
  { listen: { host, port, adminHost, adminPort }, audit: { file } }: Config,
  parts: GatewayParts,
  { identity, audit, policies, reconciler, fleet, creatorLog }: Components,
  { server, admin, held, heldAdmin }: Listeners,
): Promise<Pick<RunningGateway, 'port' | 'adminPort'>> {
  const ports = {
    port: await listen(server, port, host),
    adminPort: await listen(admin, adminPort, adminHost),
  };
  identity.issuers.start();
  await audit.open();
  await recordStart(audit.trail, parts, policies.current().version);
  policies.watch();
  // The policy's tests and warnings depend on who the issuers are.
  identity.reload?.watch(() => void policies.reload());
  held.open();
  heldAdmin.open();
  fleet?.start();
  const { continues: before } = audit;
  void creatorLog.read(file, before?.chain);
  if (file !== undefined && before !== undefined)
    void settleEarlierChanges({ file, before, reconciler, ...parts });
  return ports;
}

/** The first records of a run. Without them the gateway runs, but is not ready. */
async function recordStart(
  trail: Components['audit']['trail'],
  { reporter, clock, logger }: GatewayParts,
  version: string,
): Promise<void> {
  try {
    const versions = { old: undefined, new: version };
    await Promise.all([
      trail.recordFact(startedEvent(reporter.instance, clock.now())),
      trail.recordFact(policyLoadedEvent(versions, reporter.instance, clock.now())),
    ]);
  } catch (error) {
    logger.error({ err: error }, 'the start could not be recorded yet');
  }
}

async function stop(
  { shutdownGraceMs }: Config,
  { logger }: GatewayParts,
  components: Components,
  listeners: Listeners,
): Promise<void> {
  const { inFlight, upstream } = components;
  const { server } = listeners;
  const graceEnds = performance.now() + shutdownGraceMs;
  inFlight.drain();
  upstream.poller.stop();
  const connectionsGone = lastConnectionGone(server);
  await stopAccepting(server, shutdownGraceMs / 2);
  await settlesWithin(Math.min(drainMs, shutdownGraceMs / 4), connectionsGone);
  await closeIdle(server, graceEnds - performance.now());
  const idle = inFlight.stop();
  if (!(await settlesWithin(graceEnds - performance.now(), idle))) {
    logger.warn('aborting requests at the end of the grace period');
    await upstream.client.close();
    await settlesWithin(lastRecordsMs, idle);
  }
  await closeListeners(listeners);
  await components.close(true);
}

async function closeListeners({ server, admin, watchedTls }: Listeners): Promise<void> {
  server.closeAllConnections();
  watchedTls?.endConnections();
  admin.closeAllConnections();
  await Promise.all([close(server), close(admin)]);
  watchedTls?.stop();
}
