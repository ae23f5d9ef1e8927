// What tests of the guards of a create share: gateways that look before they create, over one Aerospike Cloud, and a view of
// what it was sent, what was answered and what was recorded.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { type AerospikeCloud, startAerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import type { RecordedRequest } from '../../../sandbox/recorded-requests.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import {
  allowed,
  clusterId,
  type Reply,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '../../support/gateway.ts';
import { startIssuer, type TestIssuer } from '../../support/issuer.ts';
import { until } from '../../support/until.ts';

export const otherCluster = 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22';

/** Another create that is in nobody's way; each number gives another one. */
export const createNumber = (number: number) => ({
  ...allowed,
  vpcId: `vpc-${String(number).padStart(17, '0')}`,
  cidrBlock: `10.${50 + Math.floor(number / 256)}.${number % 256}.0/24`,
});

const unlimited = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };

/** A gateway that looks before it creates, unless the environment says otherwise. */
export const startGuarded = (
  test: TestContext,
  environment: Record<string, string> = {},
  options: TestGatewayOptions = {},
): Promise<TestGateway> =>
  startTestGateway(test, {
    ...options,
    environment: { ...unlimited, PREFLIGHT: 'enforce', ...environment },
  });

export interface Instances {
  readonly cloud: AerospikeCloud;
  readonly issuer: TestIssuer;
  readonly instances: readonly [TestGateway, TestGateway];
}

/** The settings with which a gateway uses this Aerospike Cloud. */
export const cloudSettings = ({ apiUrl, tokenUrl }: AerospikeCloud) => ({
  AEROSPIKE_API_URL: apiUrl,
  AEROSPIKE_TOKEN_URL: tokenUrl,
});

/** Two gateways for the same callers, before the same Aerospike Cloud. */
export async function startTwoGuarded(
  test: TestContext,
  environment: Record<string, string>,
): Promise<Instances> {
  const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
  test.after(() => Promise.all([issuer.close(), cloud.close()]));
  const start = () => startGuarded(test, { ...cloudSettings(cloud), ...environment }, { issuer });
  return { cloud, issuer, instances: [await start(), await start()] };
}

/** A create with these values under this key. */
export const createWith = (gateway: Pick<TestGateway, 'create'>, key: string, body: object = allowed) =>
  gateway.create(body, { 'idempotency-key': key });

/** A create for another cluster, or by another caller. */
export async function createAs(
  { call, issuer }: TestGateway,
  { cluster = clusterId, key, claims = {}, body = allowed as object, signer = issuer, query = '' }: CreateAs,
): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${await signer.sign(claims)}`,
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  const path = `/database/clusters/${cluster}/vpc-peerings${query}`;
  return await call({ method: 'POST', path, headers, body: JSON.stringify(body) });
}

export interface CreateAs {
  readonly cluster?: string;
  readonly key?: string;
  readonly claims?: Record<string, unknown>;
  readonly body?: object;
  readonly signer?: TestIssuer;
  readonly query?: string;
}

/** What the API was asked, such as `GET cluster`, `GET peerings` and `POST peerings`, in order. */
export const asked = ({ requests }: Pick<AerospikeCloud, 'requests'>): string[] =>
  requests.filter(({ path }) => path.startsWith('/v1/')).map(wordsFor);

export const wordsFor = ({ method, path }: RecordedRequest): string =>
  `${method} ${path.includes('/vpc-peerings') ? 'peerings' : 'cluster'}`;

export const posts = (cloud: Pick<AerospikeCloud, 'requests'>): number =>
  asked(cloud).filter((words) => words === 'POST peerings').length;

/** Requests of this kind get this answer from now on; `undefined` ends it. */
export function answerTo(
  cloud: AerospikeCloud,
  words: 'GET cluster' | 'GET peerings' | 'POST peerings' | 'any',
  listener: RequestListener | undefined,
): void {
  cloud.setFault((seen) => {
    const isApi = seen.path.startsWith('/v1/');
    return isApi && (words === 'any' || wordsFor(seen) === words) ? listener : undefined;
  });
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
  };

/** Creates that have arrived at Aerospike Cloud and are not acted on yet. */
export interface HeldCreates {
  arrived(count: number): Promise<void>;
  /** Each that waits is carried out and answered; later ones go their usual way. */
  release(): void;
}

export function holdCreates(cloud: AerospikeCloud): HeldCreates {
  const held: (() => void)[] = [];
  cloud.setFault((seen) =>
    isCreate(seen)
      ? (request, response) => {
          held.push(() => json(201, makePeering(cloud, seen))(request, response));
        }
      : undefined,
  );
  return {
    arrived: (count) => until(`${count} creates have arrived`, () => held.length >= count),
    release() {
      cloud.setFault(undefined);
      for (const go of held.splice(0)) go();
    },
  };
}

const isCreate = (seen: RecordedRequest): boolean =>
  seen.path.startsWith('/v1/') && wordsFor(seen) === 'POST peerings';

/** As Aerospike Cloud does when it takes the create. */
function makePeering(cloud: AerospikeCloud, { path, body }: RecordedRequest): { id: string } {
  const cluster = /clusters\/([^/]+)\//.exec(path)?.[1] ?? '';
  return { id: cloud.addPeering(cluster, JSON.parse(body)) };
}

/** Creates get this answer from now on, after Aerospike Cloud has made the peering, or without that. */
export const breakCreates = (cloud: AerospikeCloud, listener: RequestListener, { made }: { made: boolean }) =>
  cloud.setFault((seen) => {
    if (!isCreate(seen)) return undefined;
    if (made) makePeering(cloud, seen);
    return listener;
  });

/** `event status_code` of every record, in order; settled creates, which come when they come, left out. */
export const recorded = ({ records }: Pick<TestGateway, 'records'>): string[] =>
  records
    .filter(({ metadata }) => !metadata.event_code.endsWith('.reconciled'))
    .map(({ metadata, status_code }) =>
      [metadata.event_code.replace('peering.create.', ''), ...(status_code ? [status_code] : [])].join(' '),
    );

/** The last record of this answer's request. */
export const recordOf = ({ records }: Pick<TestGateway, 'records'>, reply: Reply): AuditRecord =>
  records.findLast(
    ({ api, metadata }) =>
      api.request.uid === reply.headers['x-gateway-request-id'] &&
      !metadata.event_code.endsWith('.reconciled'),
  ) as AuditRecord;

/** The answer is that earlier one given again, nothing was sent for it, and the record names the earlier request. */
export function assertReplay(gateway: TestGateway, reply: Reply, first: Reply): void {
  const { status, text, headers } = reply;
  assert.deepEqual([status, text], [first.status, first.text]);
  assert.equal(headers['content-type'], first.headers['content-type']);
  assert.equal(headers['location'], first.headers['location']);
  assertReplayed(gateway, reply, String(first.headers['x-gateway-request-id']));
}

/** The answer is `first`'s as far as it says itself. */
export function assertReplayed(gateway: TestGateway, reply: Reply, first: string): void {
  assert.equal(reply.headers['idempotency-replayed'], 'true');
  assert.equal(reply.headers['proxy-status'], 'peergate');
  const record = recordOf(gateway, reply);
  assert.equal(record.metadata.event_code, 'peering.create.outcome');
  assert.equal(record.status_code, 'replayed');
  assert.equal(record.status_id, reply.status < 400 ? 1 : 2);
  assert.equal(record.http_response.code, reply.status);
  assert.equal(record.unmapped.upstream.sent, 'no');
  assert.equal(record.unmapped.replayed.first, first);
  assert.equal(record.unmapped.replayed.resourceId, reply.json?.id);
}

/** The answer is this problem of the gateway's own; nothing was sent for it, and its one record is the refusal. */
export function assertRefused(
  gateway: TestGateway,
  reply: Reply,
  { status, type, code }: { status: number; type: string; code: string },
): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.equal(reply.json.type, `urn:aerospike:errors:${type}`);
  assert.equal(reply.json.code, code);
  assert.match(String(reply.headers['proxy-status']), new RegExp(`^peergate; error=\\w+; details="${code}"`));
  assert.equal(reply.headers['idempotency-replayed'], undefined);
  const id = reply.headers['x-gateway-request-id'];
  const [record, ...more] = gateway.records.filter(({ api }) => api.request.uid === id);
  assert.deepEqual(more, []);
  assert.equal(record?.metadata.event_code, 'peering.create.refused');
  assert.equal(record?.status_code, code);
  assert.equal(record?.unmapped.upstream.sent, 'no');
}

export { allowed, clusterId };
