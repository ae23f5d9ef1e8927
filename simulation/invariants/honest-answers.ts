// No answer says that something was done which was not, and `context.sent` is true: `no` means never, `maybe` that it may have
// left, `yes` that it arrived.
import type { Attempt } from '../caller.ts';
import type { FrontAnswer } from '../front.ts';
import type { World } from '../world.ts';

const name = 'honest-answers';

export function requireHonestAnswer(world: World, attempt: Attempt): void {
  const answer = attempt.answer as FrontAnswer;
  const { operation } = attempt.step;
  if (answer.code === 'internal') world.violated(name, `an internal error: ${answer.body}`);
  if (operation === 'dry-run' && attempt.sentAt.length > 0) world.violated(name, 'a dry run was sent');
  if (answer.status < 300 && operation === 'create') requireCreated(world, attempt, answer);
  if (answer.status < 300 && operation === 'delete') requireDeleted(world, attempt);
  if (answer.status === 200 && (operation === 'list' || operation === 'wait'))
    requireListed(world, attempt, answer);
  if (answer.code !== undefined) requireSent(world, attempt, answer);
}

function requireCreated(world: World, attempt: Attempt, answer: FrontAnswer): void {
  const { step, clusterId, requestId } = attempt;
  const { id, vpcId, cidrBlock } = JSON.parse(answer.body) as {
    id: string;
    vpcId: string;
    cidrBlock: string;
  };
  const peering = world.cloud.peerings.find((one) => one.id === id);
  const isSame =
    peering?.clusterId === clusterId &&
    peering.body.cidrBlock === step.block &&
    peering.body.vpcId === vpcId &&
    cidrBlock === step.block;
  if (!isSame) world.violated(name, `${answer.status} for a create of which nothing came: ${answer.body}`);
  const isReplayed = answer.headers['Idempotency-Replayed'] === 'true';
  if (isReplayed) world.count('replayed answer');
  else if (peering !== undefined && peering.madeBy !== requestId)
    world.violated(name, `${answer.status} for the create of another request: ${answer.body}`);
}

function requireDeleted(world: World, { requestId, isExecuted }: Attempt): void {
  if (!isExecuted)
    world.violated(name, `a delete of ${requestId} that was not carried out was answered as done`);
}

function requireListed(world: World, { clusterId }: Attempt, { body }: FrontAnswer): void {
  const { vpcPeerings, id } = JSON.parse(body) as { vpcPeerings?: { id: string }[]; id?: string };
  const ids = vpcPeerings?.map((peering) => peering.id) ?? [id];
  for (const one of ids)
    if (!world.cloud.peerings.some((peering) => peering.id === one && peering.clusterId === clusterId))
      world.violated(name, `the cluster has no peering ${one}`);
}

function requireSent(world: World, attempt: Attempt, { code, sent }: FrontAnswer): void {
  const { sentAt, arrivedAt, requestId, refusedTokens } = attempt;
  const isChange = attempt.step.operation === 'create' || attempt.step.operation === 'delete';
  if (!isChange) return;
  world.count(`sent ${sent ?? 'not said'}`);
  if (sent === 'yes' && arrivedAt.length === 0)
    world.violated(name, `${requestId} never arrived: sent yes, ${code}`);
  if (sent === 'maybe' && sentAt.length === 0)
    world.violated(name, `${requestId} never left: sent maybe, ${code}`);
  const certainlyNot = sent === 'no' || sent === undefined;
  if (certainlyNot && sentAt.length > refusedTokens)
    world.violated(name, `${requestId} left: sent ${sent ?? 'not said'}, ${code}`);
}

/** What was said not to have been sent is not carried out later either. */
export function requireHonestToTheEnd(world: World): void {
  for (const { answer, isExecuted, requestId, step } of world.attempts) {
    const isRefused = answer?.code !== undefined && (answer.sent === 'no' || answer.sent === undefined);
    if (isRefused && isExecuted)
      world.violated(
        name,
        `the ${step.operation} of ${requestId} was carried out, and its caller told otherwise`,
      );
  }
}
