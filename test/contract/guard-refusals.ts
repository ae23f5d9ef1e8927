// One way to provoke each problem that the guards of a create raise, and that of an upstream that keeps failing.
import type { ErrorCode } from '../../src/errors.ts';
import { allowed, clusterId, guardrailsOnly, withoutPreflight } from '../support/gateway.ts';
import type { Way } from './refusals.ts';

/** Port 1 was given to a service that nobody runs; a port that was free a moment ago may be taken by the next server. */
export const nobody = 'http://127.0.0.1:1';

const key = { 'idempotency-key': 'order-17' };
const refused = ['peering.create.refused'];
const done = ['peering.create.intent', 'peering.create.outcome'];
const isApi = ({ path }: { path: string }) => path !== '/oauth/token';

export const guardWays = {
  'vpc-peered-already': {
    provoke: ({ cloud, create }) => {
      cloud.addPeering(clusterId, allowed, 'active');
      return create();
    },
    reads: true,
    recorded: refused,
  },
  'cidr-overlap': {
    options: () => ({ policy: guardrailsOnly.replace('10.128.0.0/19, ', '') }),
    provoke: ({ cloud, create }) => {
      const other = { ...allowed, vpcId: 'vpc-00000000000000001', cidrBlock: '10.128.64.0/22' };
      cloud.addPeering(clusterId, other, 'active');
      return create({ ...allowed, cidrBlock: '10.128.0.0/16' });
    },
    reads: true,
    recorded: refused,
  },
  'idempotency-key-reused': {
    provoke: async ({ create }) => {
      await create(allowed, key);
      return create({ ...allowed, region: 'eu-west-1' }, key);
    },
    forwarded: 1,
    recorded: [...done, ...refused],
  },
  'idempotency-key-running': {
    provoke: async ({ cloud, create }) => {
      const held = Promise.withResolvers<() => void>();
      cloud.setFault((seen) =>
        seen.method === 'POST' && isApi(seen)
          ? (_, res) => held.resolve(() => res.writeHead(500).end())
          : undefined,
      );
      const first = create(allowed, key);
      const release = await held.promise;
      const reply = await create(allowed, key);
      release();
      await first;
      return reply;
    },
    forwarded: 1,
    recorded: ['peering.create.intent', ...refused, 'peering.create.outcome'],
  },
  'idempotency-unavailable': {
    options: () => ({ environment: { REDIS_URL: nobody.replace('http', 'redis') } }),
    provoke: ({ create }) => create(allowed, key),
    recorded: refused,
  },
  'preflight-failed': {
    provoke: ({ cloud, create }) => {
      cloud.setFault((seen) => (isApi(seen) ? (_, res) => res.writeHead(500).end() : undefined));
      return create();
    },
    reads: true,
    recorded: refused,
  },
  'circuit-open': {
    options: () => ({ environment: { AEROSPIKE_API_URL: `${nobody}/v1`, ...withoutPreflight } }),
    provoke: async ({ create }) => {
      for (let failures = 0; failures < 10; failures += 1) await create();
      return create();
    },
    recorded: Array.from({ length: 11 }, () => done).flat(),
  },
} satisfies Partial<Record<ErrorCode, Way>>;
