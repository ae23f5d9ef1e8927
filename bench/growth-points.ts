// The sizes at which the growth of the cost is measured: one thing grows at a time, everything else stays as it is by
// default.
import { accounts, forbiddenBlocks, prefixLength, regions } from './candidates/checks.ts';
import { goodCreate } from './load/deck.ts';
import type { PolicyText } from './stand/peergate.ts';

export interface GrowthPoint {
  readonly size: number;
  readonly policy?: () => PolicyText;
  readonly settings?: Readonly<Record<string, string>>;
  readonly tokens?: number;
  readonly bodyBytes?: number;
  readonly inFlight?: number;
}

export interface GrowthChart {
  readonly name: string;
  readonly title: string;
  readonly sizes: string;
  readonly series: readonly { readonly name: string; readonly points: readonly GrowthPoint[] }[];
}

const guardrails = { accounts, regions, forbiddenCidrs: forbiddenBlocks, prefixLength };

/** The block that is asked for, and others that neither touch nor hold it or each other, so that none can be merged. */
function manyBlocks(count: number): PolicyText {
  const step = Math.floor(2 ** 28 / count / 16) * 16;
  const lines = Array.from({ length: count - 1 }, (_, index) => {
    const first = 0x40000000 + ((index * 7_919) % count) * step;
    return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/28`;
  });
  return {
    text: JSON.stringify({
      version: 1,
      organization: 'bench',
      guardrails: { ...guardrails, cidrs: { file: 'blocks.txt' } },
    }),
    lists: { 'blocks.txt': `${[...lines, goodCreate.cidrBlock].join('\n')}\n` },
  };
}

/** The last grant is the one that fits; the others are somebody else's, or the caller's for other blocks. */
function manyGrants(count: number, callersOwn: boolean): PolicyText {
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    id: `grant-${index}`,
    callers: [{ claim: 'sub', equals: callersOwn ? 'svc-*' : `other-${index}` }],
    actions: ['create'],
    cidrs: ['10.99.0.0/16'],
  }));
  const own = { id: 'own', callers: [{ claim: 'sub', equals: 'svc-*' }], actions: ['create', 'list'] };
  return {
    text: JSON.stringify({
      version: 1,
      organization: 'bench',
      guardrails: { ...guardrails, cidrs: ['10.0.0.0/8'] },
      grants: [...others, own],
    }),
  };
}

const grants = [1, 10, 100, 1_000, 10_000];

export const maxTokens = 100_000;

export const growthCharts: readonly GrowthChart[] = [
  {
    name: 'policy',
    title: 'A create by the size of the policy',
    sizes: 'allowed blocks',
    series: [
      {
        name: 'blocks',
        points: [10, 100, 1_000, 10_000, 100_000, 1_000_000].map((size) => ({
          size,
          policy: () => manyBlocks(size),
        })),
      },
    ],
  },
  {
    name: 'grants',
    title: 'A create by the number of grants',
    sizes: 'grants',
    series: [
      {
        name: 'one grant is the caller’s',
        points: grants.map((size) => ({ size, policy: () => manyGrants(size, false) })),
      },
      {
        name: 'all grants are the caller’s, the last one fits',
        points: grants.map((size) => ({ size, policy: () => manyGrants(size, true) })),
      },
    ],
  },
  {
    name: 'tokens',
    title: 'A create by the number of tokens in use',
    sizes: 'distinct tokens, used in turn',
    series: [
      {
        name: 'tokens',
        points: [1, 10, 100, 1_000, 10_000, maxTokens].map((tokens) => ({ size: tokens, tokens })),
      },
    ],
  },
  {
    name: 'body',
    title: 'A create by the size of its body',
    sizes: 'bytes, filled up with spaces',
    series: [
      {
        name: 'body',
        points: [150, 512, 2_048, 8_192, 16_384].map((size) => ({ size, bodyBytes: size })),
      },
    ],
  },
  {
    name: 'in-flight',
    title: 'A create by the number of requests in flight',
    sizes: 'in flight (MAX_IN_FLIGHT=2000)',
    series: [
      {
        name: 'in flight',
        points: [1, 4, 16, 64, 256, 1_000].map((size) => ({
          size,
          inFlight: size,
          settings: { MAX_IN_FLIGHT: '2000' },
        })),
      },
    ],
  },
];
