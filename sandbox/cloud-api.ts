// The operations of the Aerospike Cloud contract that peergate uses, over clusters in memory: the answer to a request
// is a pure value. A request without a good token learns nothing about what exists.
import { type ClusterPeerings, renderCluster } from './clusters.ts';
import { readCreateBody } from './create-body.ts';
import { type PeeringPace, renderPeering, statusOf } from './peerings.ts';
import {
  forbidden,
  type InvalidField,
  invalidField,
  invalidInput,
  methodNotAllowed,
  notFound,
  tokenExpired,
  unauthenticated,
} from './problems.ts';
import type { Reply } from './reply.ts';
import type { TokenCheck } from './service-tokens.ts';

export interface ApiCall {
  readonly method: string;
  /** Below `/v1`, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly mediaType: string | undefined;
  readonly body: string;
  readonly token: TokenCheck;
}

export interface CloudState {
  readonly clusters: ReadonlyMap<string, ClusterPeerings>;
  readonly pace: PeeringPace;
  readonly now: number;
}

type Operation = (cluster: ClusterPeerings, call: ApiCall, state: CloudState, id: string) => Reply;
type Methods = Readonly<Record<string, readonly [scope: string, operation: Operation]>>;

const clusterMethods: Methods = {
  GET: ['read:database', (cluster) => ({ status: 200, body: renderCluster(cluster.cluster) })],
};
const collectionMethods: Methods = {
  GET: ['read:database', listPeerings],
  POST: ['update:database', createOne],
};
const peeringMethods: Methods = { DELETE: ['delete:database', deleteOne] };

const route = /^\/database\/clusters\/([^/]+)(\/vpc-peerings(?:\/([^/]+))?)?$/;

export function answerApiCall(call: ApiCall, state: CloudState): Reply {
  if (call.token === 'unknown') return unauthenticated();
  if (call.token === 'expired') return tokenExpired();
  if (call.path === '/database/clusters') {
    if (call.method !== 'GET') return methodNotAllowed('GET');
    return call.token.scopes.includes('read:database') ? listClusters(call, state) : forbidden();
  }
  const match = route.exec(call.path);
  if (match === null) return notFound('route', call.path);
  const [, clusterId = '', collection, peeringId] = match;
  const methods = methodsOf(collection, peeringId);
  const found = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
  if (found === undefined) return methodNotAllowed(Object.keys(methods).join(', '));
  const [scope, operation] = found;
  if (!call.token.scopes.includes(scope)) return forbidden();
  const cluster = state.clusters.get(clusterId);
  if (cluster === undefined) return notFound('cluster', clusterId);
  return operation(cluster, call, state, peeringId ?? '');
}

function methodsOf(collection: string | undefined, peeringId: string | undefined): Methods {
  if (collection === undefined) return clusterMethods;
  return peeringId === undefined ? collectionMethods : peeringMethods;
}

function createOne(cluster: ClusterPeerings, call: ApiCall, { pace, now }: CloudState): Reply {
  const read = readCreateBody(call.mediaType, call.body);
  if (!('request' in read)) return invalidInput(read);
  const peering = cluster.add(read.request, now);
  return { status: 201, body: renderPeering(peering, statusOf(peering, pace, now)) };
}

function listPeerings(cluster: ClusterPeerings, call: ApiCall, { pace, now }: CloudState): Reply {
  return pageOf('vpcPeerings', cluster.list(), call, (peering) =>
    renderPeering(peering, statusOf(peering, pace, now)),
  );
}

function listClusters(call: ApiCall, { clusters }: CloudState): Reply {
  const excluded = call.query.get('status_ne')?.split(',') ?? [];
  const listed = [...clusters.values()].filter(
    ({ cluster }) => !excluded.includes(cluster.status ?? 'active'),
  );
  return pageOf('clusters', listed, call, ({ cluster }) => renderCluster(cluster));
}

function pageOf<Entry>(
  name: string,
  all: readonly Entry[],
  call: ApiCall,
  render: (entry: Entry) => object,
): Reply {
  const invalid: InvalidField[] = [];
  const limit = readInteger(call.query, 'limit', { fallback: 10, min: 1, max: 100 }, invalid);
  const offset = readInteger(call.query, 'offset', { fallback: 0, min: 0 }, invalid);
  if (invalid.length > 0) return invalidInput({ invalid });
  const page = all.slice(offset, offset + limit).map(render);
  return {
    status: 200,
    body: { count: page.length, meta: { total: all.length, limit, offset }, [name]: page },
  };
}

function deleteOne(cluster: ClusterPeerings, _call: ApiCall, { pace, now }: CloudState, id: string): Reply {
  const peering = cluster.find(id);
  if (peering === undefined || statusOf(peering, pace, now) === 'deleted') return notFound('vpc-peering', id);
  peering.deletedAt ??= now;
  return { status: 204 };
}

function readInteger(
  query: URLSearchParams,
  name: string,
  bounds: { readonly fallback: number; readonly min: number; readonly max?: number },
  invalid: InvalidField[],
): number {
  const given = query.getAll(name);
  if (given.length === 0) return bounds.fallback;
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  const value = given.length === 1 && /^\d+$/.test(given[0] ?? '') ? Number(given[0]) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = bounds.max === undefined ? `from ${min} up` : `between ${min} and ${bounds.max}`;
  invalid.push({
    ...invalidField(`/${name}`, `It must be an integer ${range}.`),
    ...(Number.isInteger(value) && { type: 'urn:aerospike:errors:validation:out-of-range' }),
  });
  return bounds.fallback;
}
