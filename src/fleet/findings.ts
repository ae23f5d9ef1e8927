// What is worth knowing about each peering of a snapshot, by the policy in force and the known creators. Pure.
import { accountIdPattern, formed, regionPattern, vpcIdPattern } from '../net/aws.ts';
import { type Ipv4Network, listedBlock, overlap } from '../net/ipv4.ts';
import { stringIn } from '../net/json.ts';
import type { Policy } from '../policy/engine/compile.ts';
import { decide } from '../policy/engine/decide.ts';
import type { Claims, Violation } from '../policy/engine/decision.ts';
import { claimsFromRecord } from '../policy/engine/recorded-claims.ts';
import type { Creator } from '../state/creators/creator-store.ts';
import { isLive, type ListedPeering } from '../upstream/peerings.ts';
import { clustersByVpc, type FleetCluster, type Snapshot } from './snapshot.ts';

export const findingCodes = [
  'not_allowed_now',
  'block_overlap',
  'cluster_block_shared',
  'acceptance_due',
  'not_live',
  'creator_unknown',
  'quota_near',
] as const;

export type FindingCode = (typeof findingCodes)[number];

interface Finding {
  readonly code: FindingCode;
  readonly description: string;
  /** The peering or cluster that the description names besides. */
  readonly other?: string;
  /** Of `not_allowed_now`. */
  readonly violations?: readonly Violation[];
}

/** One entry of `GET /peerings` (docs/fleet.md). What is not known is left out. */
export interface FleetPeering extends ReturnType<typeof listedMembers> {
  readonly clusterId: string;
  readonly clusterName?: string;
  readonly clusterCidrBlock?: string;
  readonly createdBy?: { issuer: string; subject: string; at: string; requestId: string };
  /** RFC 3339. */
  readonly acceptBy?: string;
  readonly findings: readonly Finding[];
}

interface Known {
  readonly policy: Policy;
  /** By the vendor's ids. */
  readonly creators: ReadonlyMap<string, Creator>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** An unaccepted request lapses after so long (the vendor's contract). */
const lapsesAfterMs = 7 * 24 * 3_600_000;

/** Until when a request that was made then has to be accepted: RFC 3339. */
export const acceptByOf = ({ at }: Creator): string => new Date(at + lapsesAfterMs).toISOString();

/** Every known peering. */
export const fleetPeerings = (snapshot: Snapshot, known: Known): FleetPeering[] =>
  [...peeringsByCluster(snapshot, known)].flat();

/** The same, one cluster at a time, so that a caller without haste need not hold up others. */
export function* peeringsByCluster(snapshot: Snapshot, known: Known): Generator<FleetPeering[]> {
  const clusters = [...snapshot.clusters.values()];
  const byVpc = clustersByVpc(clusters);
  // Whoever asks: every rule matches.
  const { policy } = known;
  const anybody = {
    ...policy,
    grants: policy.grants?.assuming(policy.claims),
    exceptions: policy.exceptions.assuming(policy.claims),
  };
  const judge = { ...known, policy: anybody };
  for (const cluster of clusters) {
    const { peerings = [] } = cluster;
    const live = peerings
      .filter(isLive)
      .map((peering) => ({ peering, block: listedBlock(peering.cidrBlock) }));
    yield peerings.map((peering) => fleetPeering({ cluster, live }, peering, byVpc, judge));
  }
}

/** With its live peerings, whose blocks are read once. */
interface JudgedCluster {
  readonly cluster: FleetCluster;
  readonly live: readonly { readonly peering: ListedPeering; readonly block: Ipv4Network | undefined }[];
}

function fleetPeering(
  judged: JudgedCluster,
  peering: ListedPeering,
  byVpc: ReadonlyMap<string, readonly FleetCluster[]>,
  known: Known,
): FleetPeering {
  const creator = known.creators.get(peering.id);
  const isPending = peering.status === 'pending-acceptance';
  const findings = [
    ...(isLive(peering) ? ofLive(judged, peering, byVpc, known) : notLive(peering)),
    ...(isPending ? [acceptanceDue(creator)] : []),
    ...(creator === undefined ? [creatorUnknown] : []),
  ];
  return {
    ...listedMembers(peering),
    ...namesOf(judged.cluster),
    ...(creator && { createdBy: createdBy(creator) }),
    ...(creator && isPending && { acceptBy: acceptByOf(creator) }),
    findings,
  };
}

/** The members of the vendor's contract. The list may have any other, also one that callers take for the gateway's own word. */
function listedMembers(listed: ListedPeering) {
  const { id, accountId, vpcId, region, cidrBlock, status, peeringId, isSecureConnection } = listed;
  const privateHostedZoneId = stringIn(listed['privateHostedZoneId']);
  return {
    ...{ id, accountId, vpcId, region, cidrBlock, status },
    ...{ peeringId, privateHostedZoneId, isSecureConnection },
  };
}

const createdBy = ({ issuer, subject, at, requestId }: Creator) => ({
  issuer,
  subject,
  at: new Date(at).toISOString(),
  requestId,
});

const namesOf = ({ id, name, cidrBlock }: FleetCluster) => ({
  clusterId: id,
  ...(name !== undefined && { clusterName: name }),
  ...(cidrBlock !== undefined && { clusterCidrBlock: cidrBlock }),
});

const creatorUnknown: Finding = {
  code: 'creator_unknown',
  description: 'No record says that it was created through this gateway.',
};

function acceptanceDue(creator: Creator | undefined): Finding {
  const until = creator === undefined ? 'seven days after it was made' : `at ${acceptByOf(creator)}`;
  return {
    code: 'acceptance_due',
    description: `Nobody has accepted it in AWS. The request lapses ${until}.`,
  };
}

/** What is being deleted is no finding. */
function notLive({ status = '' }: ListedPeering): Finding[] {
  if (!['rejected', 'expired', 'failed'].includes(status)) return [];
  return [{ code: 'not_live', description: `It is ${status} and still listed.` }];
}

function ofLive(
  judged: JudgedCluster,
  peering: ListedPeering,
  byVpc: ReadonlyMap<string, readonly FleetCluster[]>,
  known: Known,
): Finding[] {
  const { cluster } = judged;
  const others = byVpc.get(peering.vpcId ?? '') ?? [];
  return [
    ...quotaNear(judged, others, known),
    ...notAllowed(cluster, peering, known),
    ...overlaps(judged, peering),
    ...others
      .filter((other) => sharesBlock(cluster, other))
      .map(
        (other): Finding => ({
          code: 'cluster_block_shared',
          other: other.id,
          description: `Its VPC is also peered with cluster ${other.id}, whose block ${other.cidrBlock} overlaps ${cluster.cidrBlock} of this one.`,
        }),
      ),
  ];
}

/** From so much of a limit on, it is near. */
const nearQuota = 0.9;

/** `clusters`: those that the VPC has a live peering with. */
function quotaNear({ live }: JudgedCluster, clusters: readonly FleetCluster[], { policy }: Known): Finding[] {
  const { perCluster, perVpc } = policy.data.guardrails.maxPeerings ?? {};
  const near = (what: string, count: number, limit: number | undefined): Finding[] =>
    limit === undefined || count < nearQuota * limit
      ? []
      : [{ code: 'quota_near', description: `${what} has ${count} of ${limit} live peerings.` }];
  return [...near('Its cluster', live.length, perCluster), ...near('Its VPC', clusters.length, perVpc)];
}

const sharesBlock = (one: FleetCluster, other: FleetCluster): boolean =>
  one.id !== other.id &&
  one.block !== undefined &&
  other.block !== undefined &&
  overlap(one.block, other.block);

function notAllowed(
  { id: clusterId }: FleetCluster,
  peering: ListedPeering,
  { policy, now }: Known,
): Finding[] {
  const { cidrBlock, isSecureConnection = true } = peering;
  const vpcId = quotable(peering.vpcId, vpcIdPattern);
  const accountId = quotable(peering.accountId, accountIdPattern);
  const region = quotable(peering.region, regionPattern);
  const isWhole =
    vpcId !== undefined && cidrBlock !== undefined && accountId !== undefined && region !== undefined;
  if (!isWhole) return [];
  const wanted = { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection };
  const claims = claimsProving(policy.accountClaims, accountId);
  const { violations } = decide(policy, {
    claims,
    at: now,
    action: 'create',
    clusterId,
    peering: wanted,
  });
  if (violations.length === 0) return [];
  const codes = [...new Set(violations.map(({ code }) => code))].join(', ');
  return [{ code: 'not_allowed_now', description: `No rule would allow it today: ${codes}.`, violations }];
}

/** A listed value, or what stands for one of another form: no rule allows that, and violations name it. */
const quotable = (value: string | undefined, pattern: RegExp): string | undefined =>
  value === undefined ? undefined : (formed(value, pattern) ?? '(of an unknown form)');

/** A token that proves the account to every grant that takes its accounts from a claim. */
const claimsProving = (names: readonly string[], accountId: string): Claims =>
  claimsFromRecord(Object.fromEntries(names.map((name) => [name, accountId])));

function overlaps({ cluster, live }: JudgedCluster, peering: ListedPeering): Finding[] {
  const block = live.find((one) => one.peering === peering)?.block;
  if (block === undefined) return [];
  const finding = (what: string, other?: string): Finding => ({
    code: 'block_overlap',
    ...(other !== undefined && { other }),
    description: `${peering.cidrBlock} overlaps ${what}.`,
  });
  const others = live.filter(
    (other) => other.peering !== peering && other.block !== undefined && overlap(block, other.block),
  );
  return [
    ...(cluster.block !== undefined && overlap(block, cluster.block)
      ? [finding(`${cluster.cidrBlock} of its cluster`)]
      : []),
    ...others.map(({ peering: { id, cidrBlock } }) => finding(`${cidrBlock} of peering ${id}`, id)),
  ];
}
