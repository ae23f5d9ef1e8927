// The policies of this world, each as text and as a decision of its own, which uses nothing of the gateway.
import { hash } from 'node:crypto';

interface Grant {
  readonly id: string;
  /** A `*` at the end stands for any rest. */
  readonly caller: string;
  readonly actions: readonly string[];
  /** By their numbers; `undefined`: all. */
  readonly clusters?: readonly number[];
  /** The first two octets of the blocks. */
  readonly networks: readonly string[];
}

export interface PolicyVariant {
  /** `undefined`: a file that no gateway may take up. */
  readonly grants: readonly Grant[] | undefined;
}

export interface Asked {
  readonly caller: string;
  readonly action: 'create' | 'delete';
  readonly cluster: number;
  /** Of a create. */
  readonly block?: string;
  /** Of a delete: did the caller make the peering? */
  readonly isOwn?: boolean;
}

const all = ['create', 'list', 'delete', 'inspect'];
const a: Grant = { id: 'a', caller: 'svc-a', actions: all, networks: ['10.20', '10.30'] };
const b: Grant = { id: 'b', caller: 'svc-b', actions: all, clusters: [0], networks: ['10.20', '10.30'] };
const c: Grant = {
  id: 'c',
  caller: 'svc-c',
  actions: ['create', 'list', 'deleteOwn'],
  networks: ['10.30', '10.20'],
};
const probe: Grant = { id: 'probe', caller: 'probe-*', actions: all, networks: ['10.99'] };

export const variants: readonly PolicyVariant[] = [
  { grants: [a, b, c, probe] },
  { grants: [b, c, probe] },
  { grants: [{ ...a, actions: ['list', 'delete'] }, { ...b, networks: ['10.30'] }, probe] },
  { grants: undefined },
  {
    grants: [
      { ...a, clusters: [1] },
      { ...b, actions: ['create', 'list'] },
      { ...c, networks: ['10.30'] },
      probe,
    ],
  },
];

export const account = '111122223333';
export const region = 'us-east-1';

/** YAML, as every JSON text is. */
export function policyText(number: number, clusterIds: readonly string[]): string {
  const { grants } = variants[number] as PolicyVariant;
  if (grants === undefined) return '{ "version": 1, "organization": ';
  return JSON.stringify({
    version: 1,
    organization: `acme-${number}`,
    guardrails: { accounts: [account], regions: [region], cidrs: ['10.0.0.0/8'] },
    grants: grants.map(({ id, caller, actions, clusters, networks }) => ({
      id,
      callers: [{ claim: 'sub', equals: caller }],
      actions,
      ...(clusters === undefined ? {} : { clusters: clusters.map((cluster) => clusterIds[cluster]) }),
      cidrs: networks.map((network) => `${network}.0.0/16`),
    })),
  });
}

/** As the interface defines it: the name of the file, its length and its bytes. */
export const versionOf = (text: string): string => hash('sha256', `\0${Buffer.byteLength(text)}\0${text}`);

export const allows = ({ grants }: PolicyVariant, asked: Asked): boolean =>
  (grants ?? []).some((grant) => covers(grant, asked));

function covers(grant: Grant, { caller, action, cluster, block, isOwn = false }: Asked): boolean {
  const isCaller = grant.caller.endsWith('*')
    ? caller.startsWith(grant.caller.slice(0, -1))
    : caller === grant.caller;
  const isGranted = grant.actions.includes(action) || (isOwn && grant.actions.includes(`${action}Own`));
  const isInside = block === undefined || grant.networks.some((network) => block.startsWith(`${network}.`));
  return isCaller && isGranted && isInside && (grant.clusters?.includes(cluster) ?? true);
}
