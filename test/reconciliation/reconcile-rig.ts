// What settles open creates, by itself: between the Aerospike Cloud sandbox on a real socket and an audit log that a test can
// break, with the time that a create has been open in the test's hands.

import type { TestContext } from 'node:test';
import {
  type AerospikeCloud,
  type AerospikeCloudOptions,
  startAerospikeCloud,
} from '../../sandbox/aerospike-cloud.ts';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { AuditTrail } from '../../src/audit/log/trail.ts';
import { systemClock } from '../../src/clock.ts';
import type { UpstreamConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import type { PeeringRequest } from '../../src/policy/engine/decision.ts';
import { Reconciler } from '../../src/reconciliation/reconciler.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import type { ClusterLock } from '../../src/state/lock/cluster-lock.ts';
import { Breaker } from '../../src/upstream/breaker.ts';
import { UpstreamClient } from '../../src/upstream/client.ts';
import { ServiceToken } from '../../src/upstream/service-token.ts';
import { requestToken } from '../../src/upstream/token-request.ts';
import { FaultySink } from '../audit/log/faulty-sink.ts';
import type { AuditRecord, ReconciledData } from '../support/audit-record.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const silent = createLogger('fatal', { log: () => undefined } as unknown as LineWriter);

/** A client of the sandbox, under the service credential. */
export function connectTo(test: TestContext, cloud: AerospikeCloud, timeoutMs = 300, connections = 4) {
  const agent = new OutboundAgent(1000, connections);
  test.after(() => agent.destroy());
  const config: UpstreamConfig = {
    apiUrl: cloud.apiUrl,
    tokenUrl: cloud.tokenUrl,
    credential: {
      clientId: Secret.ofValue(cloud.clientId),
      clientSecret: Secret.ofValue(cloud.clientSecret),
    },
    tokenScope: undefined,
    tokenAudience: undefined,
    connectTimeoutMs: 1000,
    timeoutMs,
    connections,
  };
  const breakers = {
    GET: new Breaker(silent, 'reads'),
    POST: new Breaker(silent, 'creates'),
    DELETE: new Breaker(silent, 'deletes'),
  };
  const token = new ServiceToken(() => requestToken(agent, config), { clock: systemClock, logger: silent });
  return {
    agent,
    upstream: new UpstreamClient(agent, token, breakers, { ...config, userAgent: 'peergate/test' }),
  };
}

/** A log of its own, in a sink that works until it is told otherwise. */
export function newTrail() {
  const sink = new FaultySink();
  const chain = new AuditChain({ version: '0', instance: 'test' }, systemClock.newId);
  return { sink, trail: new AuditTrail(chain, sink, systemClock) };
}

export async function startReconciler(
  test: TestContext,
  options: AerospikeCloudOptions = {},
  clusterLock?: ClusterLock,
) {
  const cloud = await startAerospikeCloud(options);
  test.after(() => cloud.close());
  const { agent, upstream } = connectTo(test, cloud);
  const { sink, trail } = newTrail();
  const elapsed = { ms: 1_000_000 };
  const reconcile = new Reconciler({
    clock: systemClock,
    logger: silent,
    trail,
    upstream,
    clusterLock,
    elapsed: () => elapsed.ms,
  });
  test.after(async () => {
    sink.release();
    await reconcile.stop();
    for (const record of sink.records) assertAuditRecord(record);
  });
  const apiRequests = () => cloud.requests.filter(({ path }) => path.startsWith('/v1/'));
  return {
    cloud,
    agent,
    sink,
    elapsed,
    reconcile,
    apiRequests,
    /** Resolves when it has looked so many times more, and believes what it then saw. */
    async lists(times: number): Promise<void> {
      const wanted = apiRequests().length + times;
      await until('it has looked', () => apiRequests().length >= wanted);
    },
    settled: (creates = 1) => until('all is settled', () => sink.lines.length >= creates),
  };
}

/** A create that somebody lost. */
export function lostCreate(values: Partial<PeeringRequest> = {}, cluster = clusterId): RequestFacts {
  const gatewayRequestId = systemClock.newId();
  const { id, method, route, eventPrefix } = createPeering;
  return {
    startedAt: Date.now(),
    gatewayRequestId,
    requestId: `order-${gatewayRequestId}`,
    clientAddress: '192.0.2.7',
    operation: { id, method, route, eventPrefix },
    caller: { issuer: 'https://idp.example', subject: 'svc-payments', clientId: 'payments', tokenId: 'b7c1' },
    target: { clusterId: cluster, peering: { clusterId: cluster, ...allowed, ...values } },
  };
}

/** What a record of a settled create says of it. */
export const settlementsIn = (records: readonly AuditRecord[]): ({ id: string } & ReconciledData)[] =>
  records
    .filter(({ metadata }) => metadata.event_code === 'peering.create.reconciled')
    .map(({ api, unmapped }) => ({ id: api.request.uid, ...unmapped.reconciled }));
