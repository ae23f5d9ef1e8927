// Opens and closes the parts of the gateway behind its listeners. All dependencies between them are visible here.
import { settlesWithin } from './async/with-timeout.ts';
import { type AuditLogParts, type AuditWatch, openAuditLog } from './audit/log/audit-log.ts';
import type { AuditTrail } from './audit/log/trail.ts';
import { policyLoadedEvent, policyRejectedEvent, stoppedEvent } from './audit/record/gateway-events.ts';
import { type Config, policySettings } from './config/config.ts';
import type { ErrorCode } from './errors.ts';
import { CreatorLog } from './fleet/creator-log.ts';
import { Fleet } from './fleet/fleet.ts';
import { FleetCounts } from './fleet/fleet-counts.ts';
import { RetainedCreators } from './fleet/retained-creators.ts';
import type { Snapshot } from './fleet/snapshot.ts';
import { MalformedRequests } from './http/listener/malformed-requests.ts';
import { InFlight } from './http/middleware/in-flight.ts';
import { IssuersReload } from './identity/issuers-reload.ts';
import { TokenCache } from './identity/token-cache.ts';
import { TrustedIssuers } from './identity/trusted-issuers.ts';
import { createVerifyToken } from './identity/verify-token.ts';
import { type EgressProxy, OutboundAgent, revealEgressProxy } from './outbound/agent.ts';
import type { AcceptedPolicy } from './policy/engine/policy-data.ts';
import { createWorkerLoad } from './policy/store/load-in-worker.ts';
import { PolicyStore } from './policy/store/policy-store.ts';
import { Reconciler } from './reconciliation/reconciler.ts';
import { RateLimiter } from './state/rate-limit/rate-limiter.ts';
import { openSharedState, type SharedState } from './state/shared-state.ts';
import { Metrics } from './telemetry/metrics.ts';
import { openTracer } from './telemetry/tracer.ts';
import type { UpstreamReader } from './upstream/client.ts';
import { createUpstream } from './upstream/create-upstream.ts';
import { NetworkReader } from './upstream/network-reader.ts';
import { PeeringPoller } from './upstream/peering-poller.ts';

export interface GatewayParts extends AuditLogParts {
  /** The policy at the start. */
  readonly policy: Pick<AcceptedPolicy, 'data' | 'files'>;
  /** Number of log lines dropped so far. */
  readonly logLinesDropped?: () => number;
}

/** Connections of the fleet, besides those of requests. */
const fleetConnections = 4;
/** How long the last spans may take to reach their collector. */
const lastSpansMs = 1000;
/** Timeout for the last signature and sync: the disk may hang. */
const lastSyncMs = 2500;

export type Components = Awaited<ReturnType<typeof openComponents>>;

/** Rejects if an existing audit log cannot be read. */
export async function openComponents(config: Config, parts: GatewayParts) {
  const { clock, logger } = parts;
  const metrics = new Metrics(parts.reporter.version);
  const egressProxy = await revealEgressProxy(config.egressProxy);
  const tracer = await openTracer(config.tracing, { ...parts.reporter, logger, egressProxy });
  const audit = await openAuditLog(config.audit, { ...parts, watch: auditWatch(metrics) });
  const identity = createIdentity(config, parts, metrics, egressProxy);
  const policies = createPolicyStore(config, parts, {
    trail: audit.trail,
    metrics,
    issuers: identity.issuers,
  });
  const upstream = openUpstream(config, parts, metrics, egressProxy);
  const { trail } = audit;
  const changes = await openChanges(config, parts, { trail, upstream: upstream.client });
  const { state, reconciler } = changes;
  const { fleet, fleetCounts } = createFleet(config, parts, changes, {
    upstream: upstream.fleetClient,
    policies,
  });
  const refused = (code: ErrorCode) => metrics.count('refusals_total', [code]);

  /** `ran`: the gateway had started, so that its stop is recorded. */
  async function close(ran: boolean): Promise<void> {
    policies.stop();
    identity.reload?.stop();
    identity.issuers.stop();
    const reconciled = reconciler.stop();
    const fleetStopped = fleet?.stop();
    state.stop();
    await tracer?.stop(lastSpansMs);
    await Promise.all([identity.agent.destroy(), upstream.client.close(), upstream.fleetClient.close()]);
    await fleetStopped;
    await reconciled;
    // If it is not written by then, it is waited for with the rest of the log.
    if (ran)
      trail.recordFact(stoppedEvent(parts.reporter.instance, clock.now())).catch((error: unknown) => {
        logger.error({ err: error }, 'the stop could not be recorded');
      });
    if (!(await settlesWithin(lastSyncMs, audit.stop()))) logger.error('the audit log could not be closed');
  }

  return {
    metrics,
    tracer,
    audit,
    identity,
    policies,
    inFlight: new InFlight(config.limits.maxInFlight),
    malformedRequests: new MalformedRequests({ clock, logger, refused, basePath: config.listen.basePath }),
    upstream,
    ...changes,
    fleet,
    fleetCounts,
    ...rateLimiters(config, state, metrics),
    close,
  };
}

function createIdentity(
  { auth, upstream, limits }: Config,
  { clock, logger }: GatewayParts,
  metrics: Metrics,
  egressProxy: EgressProxy,
) {
  const agent = new OutboundAgent(upstream.connectTimeoutMs, 4, egressProxy);
  // A quarter of the requests in flight: the rest is for those whose keys are known.
  const maxWaiting = Math.max(1, Math.floor(limits.maxInFlight / 4));
  const observe = (issuer: string, result: string) => metrics.count('key_fetches_total', [issuer, result]);
  const issuers = new TrustedIssuers(auth, { clock, logger, maxWaiting, agent, observe });
  for (const { rules } of issuers.all())
    for (const result of ['ok', 'failed']) metrics.count('key_fetches_total', [rules.issuer, result], 0);
  const reload =
    auth.issuersFile === undefined ? undefined : new IssuersReload(auth.issuersFile, issuers, logger);
  const tokens = new TokenCache(createVerifyToken(auth, issuers, clock), issuers, clock);
  return { agent, issuers, reload, tokens };
}

function openUpstream(
  config: Config,
  { clock, logger, reporter }: GatewayParts,
  metrics: Metrics,
  egressProxy: EgressProxy,
) {
  const { connectTimeoutMs, connections } = config.upstream;
  const agent = new OutboundAgent(connectTimeoutMs, connections, egressProxy);
  const fleetAgent = new OutboundAgent(connectTimeoutMs, fleetConnections, egressProxy);
  const { client, fleetClient, breakers } = createUpstream(config.upstream, {
    clock,
    logger,
    agent,
    fleetAgent,
    userAgent: `peergate/${reporter.version}`,
    observeRequest(method, result, seconds) {
      metrics.count('upstream_requests_total', [method, result]);
      metrics.observe('upstream_request_duration_seconds', seconds, method);
    },
    observeToken: (result) => metrics.count('token_requests_total', [result]),
  });
  const network = new NetworkReader(client);
  return {
    client,
    fleetClient,
    breakers,
    network,
    poller: new PeeringPoller(network, clock),
  };
}

/** What is kept about changes: shared state, creates that are not settled, and who created what. */
async function openChanges(
  config: Config,
  { clock, logger }: GatewayParts,
  services: { readonly trail: AuditTrail; readonly upstream: UpstreamReader },
) {
  const state = await openSharedState(config, { clock, logger });
  const creators = new RetainedCreators(state.creators, logger);
  const clusterLock = config.preflight === 'enforce' ? state.clusterLock : undefined;
  const reconciler = new Reconciler({ clock, logger, ...services, clusterLock, creators });
  return { state, clusterLock, reconciler, creators, creatorLog: new CreatorLog(creators, logger) };
}

/** `undefined` with FLEET_REFRESH_SECONDS=0. */
function createFleet(
  { fleetRefreshMs: refreshMs }: Config,
  { clock, logger }: GatewayParts,
  { creators, creatorLog }: Awaited<ReturnType<typeof openChanges>>,
  { upstream, policies }: { readonly upstream: UpstreamReader; readonly policies: PolicyStore },
) {
  if (refreshMs === 0) return { fleet: undefined, fleetCounts: undefined };
  const policy = () => policies.current();
  const fleetCounts = new FleetCounts({ creators, creatorLog, policy, now: clock.now, logger });
  const observe = async (snapshot: Snapshot) => {
    await creators.observe(snapshot);
    await fleetCounts.observe(snapshot);
  };
  return { fleet: new Fleet({ clock, logger, upstream, refreshMs, observe }), fleetCounts };
}

function rateLimiters({ limits }: Config, state: SharedState, metrics: Metrics) {
  const limiter = (name: string, limitPerMinute: number) =>
    new RateLimiter({
      name,
      limitPerMinute,
      store: state.rateLimitStore(name),
      onLimited: () => metrics.count('rate_limited_total', [name]),
    });
  return {
    addressLimit: limiter('address', limits.perAddressPerMinute),
    callerLimit: limiter('caller', limits.perCallerPerMinute),
  };
}

const auditWatch = (metrics: Metrics): AuditWatch => ({
  appended: (code) => metrics.count('audit_records_total', [code]),
  written: (seconds) => metrics.observe('audit_write_duration_seconds', seconds),
  failed: () => metrics.count('audit_write_failures_total'),
  synced: (seconds) => metrics.observe('audit_sync_duration_seconds', seconds),
});

function createPolicyStore(
  config: Config,
  { clock, logger, policy, reporter }: GatewayParts,
  { trail, metrics, issuers }: { trail: AuditTrail; metrics: Metrics; issuers: TrustedIssuers },
): PolicyStore {
  const { instance } = reporter;
  return new PolicyStore(policy, {
    clock,
    logger,
    policyFile: config.policyFile,
    testsFile: config.policyTestsFile,
    settings: () =>
      policySettings(
        config,
        issuers.all().map(({ rules }) => rules),
      ),
    load: createWorkerLoad(),
    events: {
      async loaded(versions) {
        await trail.recordHoweverLate(policyLoadedEvent(versions, instance, clock.now()), (error) =>
          logger.error({ ...versions, err: error }, 'the new policy takes effect once its record is written'),
        );
        metrics.count('policy_loads_total', ['loaded']);
      },
      async rejected(versions, faults) {
        metrics.count('policy_loads_total', ['rejected']);
        await trail.record(policyRejectedEvent(versions, faults, instance, clock.now()));
      },
    },
  });
}
