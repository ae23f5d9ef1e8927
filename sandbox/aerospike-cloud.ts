// An Aerospike Cloud on loopback that keeps the vendor's contract for tokens, clusters and VPC peerings. It shows
// every request, and misbehaves only on request.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudCore, type CloudCoreOptions, tokenPath } from './cloud-core.ts';
import type { Cluster } from './clusters.ts';
import type { PeeringRequest } from './create-body.ts';
import { type Fault, startLoopbackServer } from './loopback-server.ts';
import type { Peering, PeeringStatus } from './peerings.ts';
import { internalError } from './problems.ts';
import { type RecordedRequest, recordRequest } from './recorded-requests.ts';
import { sendReply } from './reply.ts';

export interface AerospikeCloudOptions extends CloudCoreOptions {
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** Milliseconds since the epoch; what peerings and tokens age by. */
  readonly now?: () => number;
  readonly fault?: Fault<RecordedRequest>;
  /** Holds requests up; without it none is. */
  readonly slowness?: (seen: RecordedRequest) => Slowness;
}

export interface Slowness {
  /** From the arrival of a request until it is acted upon, which it is also when nobody waits for it any more. */
  readonly beforeMs: number;
  /** From then until its answer leaves. */
  readonly afterMs: number;
}

export interface AerospikeCloud {
  /** With `/v1` at the end. */
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clusters: readonly Cluster[];
  /** The newest thousand requests, token requests included, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Token requests since the start, good and bad. */
  readonly tokenRequests: number;
  /** Every token issued so far gets 401 from now on. */
  revokeTokens(): void;
  /** Takes over answers from now on, after the request's body has arrived; `undefined` ends it. */
  setFault(fault: Fault<RecordedRequest> | undefined): void;
  /** The peerings of a cluster, oldest first. */
  peerings(clusterId: string): readonly Peering[];
  /** Puts a peering there without a request, at the start of its way or at a status it then keeps. Gives its id. */
  addPeering(clusterId: string, request: PeeringRequest, status?: PeeringStatus): string;
  /** The caller's side accepts in AWS, now. */
  accept(id: string): void;
  /** Keeps a peering at a status. */
  setStatus(id: string, status: PeeringStatus): void;
  close(): Promise<void>;
}

export async function startAerospikeCloud(options: AerospikeCloudOptions = {}): Promise<AerospikeCloud> {
  const now = options.now ?? Date.now;
  const core = new CloudCore(options);
  const requests: RecordedRequest[] = [];
  let tokenRequests = 0;
  let fault = options.fault;

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const recording = recordRequest(requests, req, now());
    if (req.url === tokenPath) tokenRequests += 1;
    const recorded = await recording;
    res.setHeader('X-Request-Id', recorded.requestId);
    const takeover = fault?.(recorded);
    if (takeover !== undefined) {
      takeover(req, res);
      return;
    }
    const slowness = options.slowness?.(recorded);
    if (slowness !== undefined) await delay(slowness.beforeMs);
    const reply = core.answer(recorded, now());
    if (slowness !== undefined) await delay(slowness.afterMs);
    sendReply(res, reply);
  };
  const server = await startLoopbackServer((req, res) => {
    serve(req, res).catch(() => {
      if (req.destroyed || res.headersSent) res.destroy();
      else sendReply(res, internalError());
    });
  }, options.port);

  return {
    apiUrl: `${server.origin}/v1`,
    tokenUrl: `${server.origin}${tokenPath}`,
    clientId: core.clientId,
    clientSecret: core.clientSecret,
    clusters: core.clusters,
    requests,
    get connections() {
      return server.connections;
    },
    get tokenRequests() {
      return tokenRequests;
    },
    revokeTokens: () => core.tokens.revokeAll(),
    setFault(next) {
      fault = next;
    },
    peerings: (clusterId) => core.cluster(clusterId).list(),
    addPeering(clusterId, request, status) {
      const peering = core.cluster(clusterId).add(request, now());
      if (status !== undefined) peering.forced = status;
      return peering.id;
    },
    accept(id) {
      core.peering(id).acceptedAt = now();
    },
    setStatus(id, status) {
      core.peering(id).forced = status;
    },
    close: () => server.close(),
  };
}
