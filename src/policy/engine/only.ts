// What an exception is narrowed to (`only`): a request that is not certainly inside all of it is outside.
import { CidrSet } from '../../net/cidr-set.ts';
import { type Ipv4Network, networkIn } from '../../net/ipv4.ts';
import type { Question } from './decision.ts';
import type { OnlyData } from './policy-data.ts';

export interface Only {
  readonly clusters: ReadonlySet<string> | undefined;
  readonly vpcs: ReadonlySet<string> | undefined;
  readonly accounts: ReadonlySet<string> | undefined;
  readonly regions: ReadonlySet<string> | undefined;
  readonly cidrs: CidrSet | undefined;
}

export function compileOnly({ clusters, vpcs, accounts, regions, cidrs }: OnlyData): Only {
  const set = (values: readonly string[] | undefined) => values && new Set(values);
  return {
    clusters: set(clusters),
    vpcs: set(vpcs),
    accounts: set(accounts),
    regions: set(regions),
    cidrs: cidrs && new CidrSet(cidrs.ranges),
  };
}

/**
 * `block` is the question's. Before a delete looks the peering up, only the cluster counts; the delete is decided again when
 * the rest is known. A list is about a cluster alone, and so is outside of everything else.
 */
export function isInside(only: Only, question: Question, block: Ipv4Network | undefined): boolean {
  const { action, clusterId, peering, existing } = question;
  if (clusterId !== undefined && only.clusters?.has(clusterId) === false) return false;
  const place = peering ?? existing;
  if (place === undefined && action === 'delete') return true;
  const network = block ?? networkIn(existing?.cidrBlock);
  const isIn = (values: ReadonlySet<string> | undefined, value: string | undefined) =>
    values === undefined || (value !== undefined && values.has(value));
  return (
    isIn(only.vpcs, place?.vpcId) &&
    isIn(only.accounts, place?.accountId) &&
    isIn(only.regions, place?.region) &&
    (only.cidrs === undefined || (network !== undefined && only.cidrs.contains(network)))
  );
}
