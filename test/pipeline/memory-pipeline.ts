// The pipeline with all that it works with, and nothing of HTTP around it: no Express, no listener, no socket. The stores, the
// audit trail and the upstream client are the gateway's own; Aerospike Cloud's answers come from the sandbox's core.

import type { TestContext } from 'node:test';
import { Dispatcher } from 'undici';
import { CloudCore, tokenPath } from '../../sandbox/cloud-core.ts';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { AuditTrail } from '../../src/audit/log/trail.ts';
import { systemClock } from '../../src/clock.ts';
import { Secret } from '../../src/config/secret.ts';
import { GatewayError } from '../../src/errors.ts';
import { CreatorLog } from '../../src/fleet/creator-log.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { TokenCache } from '../../src/identity/token-cache.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import type { Answer } from '../../src/pipeline/answer.ts';
import { ChangeForwarder } from '../../src/pipeline/forward.ts';
import { serve } from '../../src/pipeline/pipeline.ts';
import type { PipelineServices } from '../../src/pipeline/services.ts';
import { Reconciler } from '../../src/reconciliation/reconciler.ts';
import { Progress } from '../../src/request/progress.ts';
import type { Received } from '../../src/request/request.ts';
import { MemoryCreators } from '../../src/state/creators/creator-store.ts';
import { MemoryIdempotency } from '../../src/state/idempotency/memory-idempotency-store.ts';
import { LocalClusterLock } from '../../src/state/lock/cluster-lock.ts';
import { RateLimiter } from '../../src/state/rate-limit/rate-limiter.ts';
import { Stages } from '../../src/telemetry/stages.ts';
import { createUpstream } from '../../src/upstream/create-upstream.ts';
import { NetworkReader } from '../../src/upstream/network-reader.ts';
import { PeeringPoller } from '../../src/upstream/peering-poller.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId, guardrailsOnly } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';

const silent = createLogger('fatal', { log: () => undefined } as unknown as LineWriter);
const policy = policyOf(guardrailsOnly);

/** The token of a caller who may create; no other token verifies. */
export const goodToken = 'a-good-token';

const caller: Principal = {
  issuer: 'https://idp.example',
  subject: 'svc-payments',
  clientId: 'payments',
  tokenId: undefined,
  withoutScopes: false,
  scopes: new Set(['create:database']),
  claims: { sub: 'svc-payments' },
};

export interface CreateCall {
  readonly token?: string | undefined;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export function startPipeline(test: TestContext) {
  const core = new CloudCore({});
  const records: AuditRecord[] = [];
  /** What happened, in its order: `stage NAME` when one ends, `record CODE`, and `send METHOD PATH` without the query. */
  const journal: string[] = [];
  const services = createServices(core, records, journal);
  test.after(async () => {
    await services.reconciler.stop();
    for (const record of records) assertAuditRecord(record);
  });
  return {
    core,
    records,
    journal,
    /** Resolves to the answer, or rejects with the `GatewayError` that the HTTP border renders. */
    create(call: CreateCall = {}): Promise<Answer> {
      return serve(createPeering, new Progress(receivedCreate(call, journal)), services);
    },
  };
}

function createServices(core: CloudCore, records: AuditRecord[], journal: string[]): PipelineServices {
  const clock = systemClock;
  const logger = silent;
  const sink = {
    write(line: string) {
      const record = JSON.parse(line) as AuditRecord;
      records.push(record);
      journal.push(`record ${record.metadata.event_code}`);
      return Promise.resolve();
    },
  };
  const chain = new AuditChain({ version: '0.0.0-test', instance: 'test' }, clock.newId);
  const trail = new AuditTrail(chain, sink, clock);
  const upstream = createUpstream(
    {
      apiUrl: 'http://cloud.example/v1',
      tokenUrl: `http://cloud.example${tokenPath}`,
      credential: {
        clientId: Secret.ofValue(core.clientId),
        clientSecret: Secret.ofValue(core.clientSecret),
      },
      tokenScope: undefined,
      tokenAudience: undefined,
      connectTimeoutMs: 1000,
      timeoutMs: 1000,
      connections: 1,
    },
    {
      agent: new CoreDispatcher(core, journal),
      fleetAgent: new CoreDispatcher(core, journal),
      clock,
      logger,
      userAgent: 'peergate/test',
      observeRequest: () => undefined,
      observeToken: () => undefined,
    },
  ).client;
  const network = new NetworkReader(upstream);
  const clusterLock = new LocalClusterLock(1000);
  const verify = (token: string) =>
    token === goodToken ? Promise.resolve(caller) : Promise.reject(new GatewayError('token-invalid'));
  return {
    clock,
    logger,
    tokens: new TokenCache(verify, { get: () => undefined, revision: 0 }, clock),
    scopes: { create: 'create:database', list: 'read:database', delete: 'delete:database' },
    callerLimit: new RateLimiter({
      name: 'caller',
      limitPerMinute: 60,
      store: undefined,
      onLimited: () => undefined,
    }),
    forwarder: new ChangeForwarder({ trail, upstream, clock, logger }),
    trail,
    upstream,
    network,
    poller: new PeeringPoller(network, clock),
    reconciler: new Reconciler({ clock, logger, trail, upstream, clusterLock }),
    creatorLog: new CreatorLog(new MemoryCreators(), logger),
    creators: new MemoryCreators(),
    fleet: undefined,
    idempotency: new MemoryIdempotency({ ttlMs: 60_000, now: clock.now }),
    observeKey: () => undefined,
    clusterLock,
  };
}

function receivedCreate(
  { token = goodToken, body = allowed, headers = {}, query = '' }: CreateCall,
  journal: string[],
): Received {
  const all: Record<string, string> = { authorization: `Bearer ${token}`, ...headers };
  return {
    startedAt: systemClock.now(),
    gatewayRequestId: systemClock.newId(),
    requestId: 'order-17',
    clientAddress: '192.0.2.7',
    operation: createPeering,
    dryRun: createPeering.isDryRun?.(query) ?? false,
    policy,
    stages: new Stages((stage) => void journal.push(`stage ${stage}`)),
    raw: {
      params: { clusterId },
      query,
      headers: all,
      rawHeaders: Object.entries(all).flat(),
      accepts: () => false,
      readBody: () => Promise.resolve(Buffer.from(JSON.stringify(body))),
    },
    slot: { enterUpstream: () => undefined, park: () => undefined },
    connection: { closed: false, onClose: () => undefined },
  };
}

/** Hands requests to the sandbox's core where undici would write them to a connection. */
class CoreDispatcher extends Dispatcher {
  readonly #core: CloudCore;
  readonly #journal: string[];

  constructor(core: CloudCore, journal: string[]) {
    super();
    this.#core = core;
    this.#journal = journal;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { method, path } = options;
    const headers = options.headers as Record<string, string>;
    const now = systemClock.now();
    if (path !== tokenPath) this.#journal.push(`send ${method} ${path.replace(/\?.*/, '')}`);
    const { status, mediaType, body } = this.#core.answer(
      {
        requestId: systemClock.newId(),
        method,
        path,
        headers,
        rawHeaders: Object.entries(headers).flat(),
        time: now,
        body: typeof options.body === 'string' ? options.body : '',
      },
      now,
    );
    const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
    handler.onRequestStart?.(controller, undefined);
    handler.onResponseStart?.(controller, status, { 'content-type': mediaType ?? 'application/json' });
    if (body !== undefined) handler.onResponseData?.(controller, Buffer.from(JSON.stringify(body)));
    handler.onResponseEnd?.(controller, {});
    return true;
  }
}
