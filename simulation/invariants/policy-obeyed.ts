// Nothing that the policy in force denies is ever sent; a policy counts from its record on.
import type { Attempt } from '../caller.ts';
import { type Asked, allows, variants } from '../policies.ts';
import type { World } from '../world.ts';

export function requirePolicyObeyed(world: World, attempt: Attempt): void {
  const { machine, process, step, receivedAt, gatewayRequestId, requestId } = attempt;
  const { run } = machine;
  if (run?.process !== process) return;
  const inForce = run.policies.filter(({ at }, index) => {
    const next = run.policies[index + 1];
    return at <= receivedAt && (next === undefined || receivedAt <= next.knownBy);
  });
  const intent = machine.audit
    .records()
    .find((record) => record.code.endsWith('.intent') && record.gatewayRequestId === gatewayRequestId);
  if (intent === undefined) return;
  const decidedBy = inForce.find(({ version }) => version === intent.policyVersion);
  if (decidedBy === undefined) {
    world.violated('policy-obeyed', `${requestId} was decided by a policy that was not in force`);
    return;
  }
  const variant = variants[world.variantOf(decidedBy.version)];
  if (variant === undefined || !allows(variant, askedBy(world, attempt)))
    world.violated('policy-obeyed', `${step.operation} of ${step.caller} was sent, and the policy denies it`);
}

function askedBy(world: World, attempt: Attempt): Asked {
  const { step, peeringId, clusterId } = attempt;
  const { caller, cluster, block } = step;
  if (step.operation !== 'delete') return { caller, action: 'create', cluster, block };
  const peering = world.cloud.peerings.find(
    (one) => one.clusterId === clusterId && (one.id === peeringId || one.body.vpcId === peeringId),
  );
  // Who made it; or made one that looks the same, since another gateway cannot tell them apart.
  const isOwn = world.attempts.some(
    (other) => other.step.operation === 'create' && other.step.caller === caller && looksLike(peering, other),
  );
  return { caller, action: 'delete', cluster, isOwn };
}

const looksLike = (peering: World['cloud']['peerings'][number] | undefined, { step }: Attempt): boolean =>
  peering?.body.cidrBlock === step.block;
