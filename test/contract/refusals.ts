// One way to provoke each problem that can be had without waiting: what is sent, how far it may come, and what has to be
// recorded.
import type { TestContext } from 'node:test';
import { unauthenticated } from '../../sandbox/problems.ts';
import { sendReply } from '../../sandbox/reply.ts';
import type { ErrorCode } from '../../src/errors.ts';
import {
  allowed,
  isOwnRead,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  withoutPreflight,
} from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { head, openRaw, sendRaw } from '../support/raw-http.ts';
import { requestsBegun } from '../support/requests-begun.ts';
import { until } from '../support/until.ts';
import { guardWays, nobody } from './guard-refusals.ts';

export interface Refusal {
  readonly code: ErrorCode;
  readonly reply: Reply;
  readonly gateway: TestGateway;
  /** Requests that may have been forwarded to the API of the upstream. */
  readonly forwarded: number;
  /** Does the gateway read something upstream before it refuses? */
  readonly reads: boolean;
  /** Event codes, in order. */
  readonly recorded: readonly string[];
}

export interface Way {
  readonly options?: (t: TestContext) => TestGatewayOptions | Promise<TestGatewayOptions>;
  readonly provoke: (gateway: TestGateway) => Promise<Reply>;
  readonly forwarded?: number;
  readonly reads?: boolean;
  readonly recorded: readonly string[];
}

const refused = ['peering.create.refused'];
const forwardedInVain = ['peering.create.intent', 'peering.create.outcome'];
const isApi = (seen: { method: string; path: string }) => seen.path !== '/oauth/token' && !isOwnRead(seen);
const json = { 'content-type': 'application/json' };

const withToken = (claims: Record<string, unknown>) => async (gateway: TestGateway) =>
  gateway.create(allowed, { authorization: `Bearer ${await gateway.issuer.sign(claims)}` });

/** Requests for what is public that lack their last line; each tells, when it gets it, whether it is still served. */
const halfRequests = (port: number) =>
  Promise.all(
    Array.from({ length: 200 }, async () => {
      const connection = await openRaw(port);
      connection.write(head('GET /openapi.json HTTP/1.1').slice(0, -2));
      return connection;
    }),
  );

const ways = {
  'token-missing': {
    provoke: (gateway) => gateway.call({ method: 'POST', headers: json, body: JSON.stringify(allowed) }),
    recorded: [],
  },
  'token-duplicated': {
    provoke: async ({ issuer, call }) => {
      const token = `Bearer ${await issuer.sign()}`;
      return call({ method: 'POST', headers: ['Authorization', token, 'Authorization', token] });
    },
    recorded: refused,
  },
  'token-invalid': {
    provoke: async ({ issuer, create }) => {
      const [, payload, signature] = (await issuer.sign()).split('.');
      // RFC 7515 section 4.1.11: what must be understood, and is not.
      const header = Buffer.from('{"alg":"ES256","crit":["x"],"x":1}').toString('base64url');
      return create(allowed, { authorization: `Bearer ${header}.${payload}.${signature}` });
    },
    recorded: refused,
  },
  'token-expired': { provoke: withToken({ exp: 1_000_000_000 }), recorded: refused },
  'scope-missing': { provoke: withToken({ scope: 'read:database' }), recorded: refused },
  'policy-denied': {
    provoke: ({ create }) => create({ ...allowed, accountId: '444455556666', cidrBlock: '10.128.0.0/20' }),
    recorded: refused,
  },
  'request-invalid': {
    provoke: async ({ issuer, call }) => {
      const { accountId, region } = allowed;
      const body = { vpcId: 'vpc-1', cidrBlock: '10.20.4.1/22', accountId, region, comment: 'for the shop' };
      return call({
        method: 'POST',
        path: `${peeringsPath}?verbose=true`,
        headers: { authorization: `Bearer ${await issuer.sign()}`, ...json },
        body: JSON.stringify(body),
      });
    },
    recorded: refused,
  },
  'request-malformed': {
    provoke: ({ port }) => sendRaw(port, 'POST / HTTP/1.1\r\nno field at all\r\n\r\n'),
    recorded: [],
  },
  'headers-too-large': {
    provoke: ({ port }) =>
      sendRaw(port, head(`POST ${peeringsPath} HTTP/1.1`, { filler: 'x'.repeat(17_000) })),
    recorded: [],
  },
  'route-unknown': {
    provoke: ({ call }) => call({ method: 'POST', path: '/database/clusters//vpc-peerings' }),
    recorded: [],
  },
  'method-not-allowed': { provoke: ({ call }) => call({ method: 'PUT' }), recorded: [] },
  'body-too-large': { provoke: ({ create }) => create(' '.repeat(16_385)), recorded: refused },
  'media-type-unsupported': {
    provoke: ({ create }) => create(allowed, { 'content-type': 'text/plain' }),
    recorded: refused,
  },
  'rate-limited': {
    options: () => ({ environment: { RATE_LIMIT_PER_MINUTE: '60' } }),
    provoke: async (gateway) => {
      const refusedBefore = withToken({ scope: '' });
      await Promise.all(Array.from({ length: 60 }, () => refusedBefore(gateway)));
      return gateway.create();
    },
    recorded: Array.from({ length: 60 }, () => 'peering.create.refused'),
  },
  overloaded: {
    options: () => ({ environment: { MAX_IN_FLIGHT: '1' } }),
    provoke: async ({ cloud, create }) => {
      const held = Promise.withResolvers<() => void>();
      cloud.setFault((seen) =>
        isApi(seen) ? (_, res) => held.resolve(() => res.writeHead(500).end()) : undefined,
      );
      const first = create();
      const release = await held.promise;
      const reply = await create();
      release();
      await first;
      return reply;
    },
    forwarded: 1,
    recorded: forwardedInVain,
  },
  stopping: {
    provoke: async (gateway) => {
      const { cloud, issuer, port, stop } = gateway;
      const held = Promise.withResolvers<() => void>();
      cloud.setFault((seen) =>
        isApi(seen) ? (_, res) => held.resolve(() => res.writeHead(500).end()) : undefined,
      );
      const authorization = `Bearer ${await issuer.sign()}`;
      const list = head(`GET ${peeringsPath} HTTP/1.1`, { authorization });
      const connection = await openRaw(port);
      connection.write(list);
      const release = await held.promise;
      const probes = await halfRequests(port);
      const stopped = stop();
      await until('nothing new is served any more', async () => {
        const probe = probes.pop();
        probe?.write('\r\n');
        return (await probe?.answer())?.status !== 200;
      });
      for (const probe of probes) probe.destroy();
      const begun = requestsBegun(port);
      connection.write(list);
      await begun;
      release();
      await connection.answer();
      const reply = await connection.answer();
      connection.destroy();
      await stopped;
      return reply;
    },
    forwarded: 1,
    recorded: ['peering.list.outcome', 'peering.list.refused'],
  },
  'keys-unavailable': {
    options: async (t) => {
      const issuer = await startIssuer();
      t.after(issuer.close);
      issuer.takeover = (_, response) => void response.writeHead(500).end();
      return { issuer };
    },
    provoke: ({ create }) => create(),
    recorded: refused,
  },
  ...guardWays,
  'audit-unavailable': {
    options: () => ({ sink: { write: () => Promise.reject(new Error('the disk is full')) } }),
    provoke: ({ create }) => create(),
    reads: true,
    recorded: [],
  },
  'upstream-unreachable': {
    options: () => ({ environment: { AEROSPIKE_API_URL: `${nobody}/v1`, ...withoutPreflight } }),
    provoke: ({ create }) => create(),
    recorded: forwardedInVain,
  },
  'upstream-broken': {
    provoke: ({ cloud, create }) => {
      cloud.setFault((seen) =>
        isApi(seen) ? (_, res) => res.writeHead(201, { 'content-type': 'text/html' }).end('<p>') : undefined,
      );
      return create();
    },
    forwarded: 1,
    recorded: forwardedInVain,
  },
  'upstream-timeout': {
    options: () => ({ environment: { UPSTREAM_TIMEOUT_MS: '500' } }),
    provoke: ({ cloud, create }) => {
      cloud.setFault((seen) => (isApi(seen) ? () => undefined : undefined));
      return create();
    },
    forwarded: 1,
    recorded: forwardedInVain,
  },
  'credential-refused': {
    provoke: ({ cloud, create }) => {
      cloud.setFault((seen) => (isApi(seen) ? (_, res) => sendReply(res, unauthenticated()) : undefined));
      return create();
    },
    forwarded: 2,
    recorded: forwardedInVain,
  },
  'service-token-unavailable': {
    options: () => ({ environment: { AEROSPIKE_TOKEN_URL: `${nobody}/oauth/token`, ...withoutPreflight } }),
    provoke: ({ create }) => create(),
    recorded: forwardedInVain,
  },
} satisfies Partial<Record<ErrorCode, Way>>;

export const provokable = Object.keys(ways) as (keyof typeof ways)[];

export async function provoke(t: TestContext, code: keyof typeof ways): Promise<Refusal> {
  const way: Way = ways[code];
  const gateway = await startTestGateway(t, await way.options?.(t));
  const reply = await way.provoke(gateway);
  const { forwarded = 0, reads = false, recorded } = way;
  return { code, reply, gateway, forwarded, reads, recorded };
}
