// Calls about one peering, as callers make them, and what they left behind upstream and in the audit log.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { PeeringStatus } from '../../sandbox/peerings.ts';
import { sendReply } from '../../sandbox/reply.ts';
import { allowed, clusterId, peeringsPath, type Reply, type TestGateway } from './gateway.ts';

export const otherCluster = 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22';

export const pathOf = (id: string, cluster = clusterId): string =>
  `${peeringsPath.replace(clusterId, cluster)}/${id}`;

export interface Call {
  /** Members of the token; the scope is that of the operation. */
  readonly claims?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly cluster?: string;
  readonly body?: string;
}

export async function remove(gateway: TestGateway, id: string, call: Call = {}): Promise<Reply> {
  const { claims, headers, cluster, body } = call;
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'delete:database', ...claims })}`;
  return await gateway.call({
    method: 'DELETE',
    path: pathOf(id, cluster),
    headers: { authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

/** `query` with its question mark. */
export async function get(gateway: TestGateway, id: string, query = '', call: Call = {}): Promise<Reply> {
  const { claims, headers, cluster } = call;
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'read:database', ...claims })}`;
  const path = `${pathOf(id, cluster)}${query}`;
  return await gateway.call({ path, headers: { authorization, ...headers } });
}

/** Puts a peering there. `what` differs from the one that the test policy allows. */
export const put = (
  gateway: Pick<TestGateway, 'cloud'>,
  status: PeeringStatus = 'active',
  what: Partial<typeof allowed> = {},
  cluster = clusterId,
): string => gateway.cloud.addPeering(cluster, { ...allowed, ...what }, status);

/** Aerospike Cloud lists just these from now on. */
export const list = (gateway: Pick<TestGateway, 'cloud'>, entries: readonly object[]): void =>
  gateway.cloud.setFault(({ method, path }) =>
    method === 'GET' && path.startsWith('/v1/')
      ? (_request, response) =>
          sendReply(response, {
            status: 200,
            body: { meta: { total: entries.length }, vpcPeerings: entries },
          })
      : undefined,
  );

/** So many peerings that are of no interest. */
export function fill(gateway: Pick<TestGateway, 'cloud'>, count: number): void {
  for (let number = 0; number < count; number += 1) put(gateway, 'active', { vpcId: vpcNumber(number) });
}

export const vpcNumber = (number: number): string => `vpc-${number.toString(16).padStart(17, '0')}`;

/** `METHOD path` of what reached the API of the sandbox, the path without its query. */
export const asked = (gateway: TestGateway): string[] =>
  gateway.apiRequests().map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);

export const deletes = (gateway: TestGateway) =>
  gateway.apiRequests().filter(({ method }) => method === 'DELETE');

/** `event status_id` of each audit record. */
export const recorded = (gateway: TestGateway): string[] =>
  gateway.records.map(({ metadata, status_id }) => `${metadata.event_code} ${status_id}`);

export const look = `GET /v1${peeringsPath}`;

/** An id that nothing has. */
export const nobody = randomUUID();

/** Asserts a problem of the gateway's own. `type` after `urn:aerospike:errors:`; `said`: the error in Proxy-Status. */
export function assertProblem(
  reply: Reply,
  status: number,
  type: string,
  said = 'http_request_denied',
): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.equal(reply.json.type, `urn:aerospike:errors:${type}`);
  const [error, received] = said.split('; ');
  const details = `details="${reply.json.code}"`;
  assert.equal(
    reply.headers['proxy-status'],
    ['peergate', `error=${error}`, details, ...(received === undefined ? [] : [received])].join('; '),
  );
}
