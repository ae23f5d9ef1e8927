// What is behind the sandbox's sockets: one service credential with its tokens, and the clusters with their peerings.
// It answers from the request and the time alone, and holds nothing that has to be closed.
import { answerApiCall } from './cloud-api.ts';
import { type Cluster, ClusterPeerings, sandboxClusters } from './clusters.ts';
import { type Peering, type PeeringPace, vendorPace } from './peerings.ts';
import { methodNotAllowed, notFound } from './problems.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import type { Reply } from './reply.ts';
import { ServiceTokens } from './service-tokens.ts';

export const tokenPath = '/oauth/token';

export interface CloudCoreOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tokenLifetimeSeconds?: number;
  /** What the service credential may do. */
  readonly scopes?: readonly string[];
  readonly pace?: Partial<PeeringPace>;
  /** Peerings that a cluster has at most; the oldest make room. */
  readonly keptPeerings?: number;
  /** Instead of the two that the demo has. */
  readonly clusters?: readonly Cluster[];
}

export class CloudCore {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokens: ServiceTokens;
  readonly clusters: readonly Cluster[];
  readonly #pace: PeeringPace;
  readonly #clusters: ReadonlyMap<string, ClusterPeerings>;

  constructor(options: CloudCoreOptions) {
    this.clientId = options.clientId ?? 'peergate-sandbox';
    this.clientSecret = options.clientSecret ?? 'demo-secret-of-the-gateway';
    this.#pace = { ...vendorPace, ...options.pace };
    this.clusters = options.clusters ?? sandboxClusters;
    this.#clusters = new Map(
      this.clusters.map((cluster) => [cluster.id, new ClusterPeerings(cluster, options.keptPeerings)]),
    );
    this.tokens = new ServiceTokens({
      clientId: this.clientId,
      clientSecret: this.clientSecret,
      scopes: options.scopes ?? ['read:database', 'update:database', 'delete:database'],
      tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 28_800,
    });
  }

  answer(request: RecordedRequest, now: number): Reply {
    if (request.path !== tokenPath) return this.#answerApi(request, now);
    if (request.method !== 'POST') return methodNotAllowed('POST');
    return this.tokens.answer(request.headers['content-type'], request.body, now);
  }

  cluster(id: string): ClusterPeerings {
    const cluster = this.#clusters.get(id);
    if (cluster === undefined) throw new Error(`the sandbox has no cluster ${id}`);
    return cluster;
  }

  peering(id: string): Peering {
    for (const cluster of this.#clusters.values()) {
      const peering = cluster.find(id);
      if (peering !== undefined) return peering;
    }
    throw new Error(`the sandbox has no peering ${id}`);
  }

  #answerApi(request: RecordedRequest, now: number): Reply {
    const [path = '', query = ''] = request.path.split('?', 2);
    if (!path.startsWith('/v1/')) return notFound('route', path);
    const call = {
      method: request.method,
      path: path.slice('/v1'.length),
      query: new URLSearchParams(query),
      mediaType: request.headers['content-type'],
      body: request.body,
      token: this.tokens.check(request.headers.authorization, now),
    };
    return answerApiCall(call, { clusters: this.#clusters, pace: this.#pace, now });
  }
}
