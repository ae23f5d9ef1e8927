// The simulated Aerospike Cloud: clusters and their peerings, and what becomes of them. Answers a request as it arrives; knows
// which request made and which deleted each peering.
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface CreateBody {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
  readonly isSecureConnection: boolean;
}

export interface CloudPeering {
  readonly id: string;
  readonly clusterId: string;
  readonly body: CreateBody;
  /** The `X-Request-Id` of the create. */
  readonly madeBy: string;
  readonly madeAt: number;
  /** From then on it is listed. */
  readonly listedFrom: number;
  deletedAt?: number;
  /** The owner of the VPC refused it. */
  rejectedAt?: number;
}

export interface CloudCluster {
  readonly id: string;
  readonly cidrBlock: string;
}

export interface CloudRequest {
  readonly method: string;
  /** Below the API's base URL, with the query. */
  readonly path: string;
  readonly requestId: string;
  readonly token: string;
  readonly body: string;
}

export interface CloudAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const initiatingMs = 2000;
const pendingMs = 5000;
/** From the delete until it is gone, and until it is listed no more. */
const deletingMs = 3000;
const forgottenMs = 60_000;
const json = { 'content-type': 'application/json' };

export class Cloud {
  readonly clusters: readonly CloudCluster[];
  readonly peerings: CloudPeering[] = [];
  readonly tokens = new Set<string>();
  /** The requests whose change was carried out. */
  readonly done = new Set<string>();
  /** How long a new peering is not listed. */
  listLagMs = 0;
  readonly #schedule: Schedule;
  readonly #random: Random;
  #tokens = 0;

  constructor(schedule: Schedule, random: Random, clusters: readonly CloudCluster[]) {
    this.#schedule = schedule;
    this.#random = random;
    this.clusters = clusters;
  }

  /** A new token; earlier ones stay valid until they are revoked. */
  issueToken(mark: string): string {
    this.#tokens += 1;
    const token = `${mark}service-${this.#tokens}`;
    this.tokens.add(token);
    return token;
  }

  statusOf({ madeAt, deletedAt, rejectedAt }: CloudPeering): string {
    const { now } = this.#schedule;
    if (deletedAt !== undefined) return now < deletedAt + deletingMs ? 'deleting' : 'deleted';
    if (rejectedAt !== undefined) return 'rejected';
    if (now < madeAt + initiatingMs) return 'initiating-request';
    return now < madeAt + pendingMs ? 'pending-acceptance' : 'active';
  }

  isLive(peering: CloudPeering): boolean {
    return peering.deletedAt === undefined && peering.rejectedAt === undefined;
  }

  listed(clusterId: string): CloudPeering[] {
    const { now } = this.#schedule;
    return this.peerings.filter(
      ({ clusterId: cluster, listedFrom, deletedAt = now }) =>
        cluster === clusterId && listedFrom <= now && now < deletedAt + deletingMs + forgottenMs,
    );
  }

  answer(request: CloudRequest): CloudAnswer {
    if (!this.tokens.has(request.token)) return problem(401, 'auth:unauthorized');
    const url = new URL(request.path, 'http://cloud');
    const [, clusterId, collection, peeringId] =
      /^\/database\/clusters(?:\/([^/]+))?(\/vpc-peerings)?(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const cluster = this.clusters.find(({ id }) => id === clusterId);
    if (clusterId === undefined) return page('clusters', this.clusters.map(renderCluster), url);
    if (cluster === undefined) return problem(404, 'resource:not-found');
    if (collection === undefined)
      return { status: 200, headers: json, body: JSON.stringify(renderCluster(cluster)) };
    if (request.method === 'POST') return this.#create(clusterId, request);
    if (request.method === 'DELETE') return this.#delete(clusterId, peeringId, request.requestId);
    return page(
      'vpcPeerings',
      this.listed(clusterId).map((peering) => this.#render(peering)),
      url,
    );
  }

  #create(clusterId: string, { body, requestId }: CloudRequest): CloudAnswer {
    const { now } = this.#schedule;
    const peering: CloudPeering = {
      id: this.#random.uuid(),
      clusterId,
      body: JSON.parse(body) as CreateBody,
      madeBy: requestId,
      madeAt: now,
      listedFrom: now + this.listLagMs,
    };
    this.peerings.push(peering);
    this.done.add(requestId);
    return { status: 201, headers: json, body: JSON.stringify(this.#render(peering)) };
  }

  #delete(clusterId: string, id: string | undefined, requestId: string): CloudAnswer {
    const peering = this.peerings.find((one) => one.id === id && one.clusterId === clusterId);
    if (peering === undefined || this.statusOf(peering) === 'deleted')
      return problem(404, 'resource:not-found');
    peering.deletedAt ??= this.#schedule.now;
    this.done.add(requestId);
    return { status: 204, headers: {}, body: '' };
  }

  #render(peering: CloudPeering) {
    const { id, body } = peering;
    const status = this.statusOf(peering);
    return {
      id,
      status,
      ...body,
      ...(status === 'initiating-request' ? {} : { peeringId: connectionId(id) }),
    };
  }
}

const connectionId = (id: string): string => `pcx-${id.replaceAll('-', '').slice(0, 17)}`;

const renderCluster = ({ id, cidrBlock }: CloudCluster) => ({
  id,
  name: 'a-cluster',
  status: 'active',
  infrastructure: { cidrBlock },
});

function page(name: string, all: readonly object[], { searchParams }: URL): CloudAnswer {
  const offset = Number(searchParams.get('offset') ?? 0);
  const entries = all.slice(offset, offset + Number(searchParams.get('limit') ?? 10));
  const body = { count: entries.length, meta: { total: all.length }, [name]: entries };
  return { status: 200, headers: json, body: JSON.stringify(body) };
}

export function problem(status: number, type: string, headers: Record<string, string> = {}): CloudAnswer {
  const body = { type: `urn:aerospike:errors:${type}`, title: 'A problem', status, message: 'A problem' };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify(body),
  };
}
