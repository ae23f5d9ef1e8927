// What the VPC registry has against a create. No exception changes it. Values of the registry are named only to a caller whose
// rules allow the account that the registry gives.
import { formatIpv4Network, type Ipv4Network } from '../../net/ipv4.ts';
import type { VpcRegistry } from '../../net/vpc-registry.ts';
import type { Allowed, PeeringRequest, Violation } from './decision.ts';
import { forbidden, type Limits } from './limits.ts';

interface VpcCheck {
  readonly registry: VpcRegistry;
  readonly guardrails: Limits;
  /** Do guardrails and grant allow the account that the request names? */
  readonly isAccountAllowed: boolean;
}

/** `block`: the request's. */
export function checkVpc(
  { registry, guardrails, isAccountAllowed }: VpcCheck,
  { vpcId, cidrBlock, accountId, region }: PeeringRequest,
  block: Ipv4Network,
): Violation[] {
  const vpc = registry.find(vpcId);
  if (vpc === undefined) return [unknown(vpcId)];
  const isOwner = accountId === vpc.accountId;
  const mismatch = (field: string, text: string, allowed: Allowed): Violation => ({
    code: 'vpc_mismatch',
    field,
    rule: 'vpcs',
    description: `By the VPC registry, ${text}`,
    allowed: isOwner && isAccountAllowed ? allowed : [],
  });
  if (!isOwner) return [mismatch('/accountId', `${vpcId} is not in account ${accountId}.`, [])];
  const violations: Violation[] = [];
  if (region !== vpc.region)
    violations.push(mismatch('/region', `${vpcId} is not in region ${region}.`, [vpc.region]));
  if (!vpc.addresses.contains(block)) {
    const blocks = vpc.blocks.slice(0, maxNamed).map(formatIpv4Network);
    violations.push(mismatch('/cidrBlock', `${cidrBlock} is not inside the blocks of ${vpcId}.`, blocks));
  }
  const hidden = vpc.blocks.find((other) => guardrails.forbidden?.overlaps(other));
  if (hidden !== undefined && !guardrails.forbidden?.overlaps(block)) {
    const text = isAccountAllowed ? `${formatIpv4Network(hidden)} of ${vpcId}` : `A block of ${vpcId}`;
    violations.push({ ...forbidden(text, guardrails), field: '/vpcId', rule: 'guardrails' });
  }
  return violations;
}

const maxNamed = 20;

const unknown = (vpcId: string): Violation => ({
  code: 'vpc_unknown',
  field: '/vpcId',
  rule: 'vpcs',
  description: `${vpcId} is not in the VPC registry.`,
  allowed: [],
});
