// With `AUDIT_FILE`, every intent has its end once the upstream can be reached, and no record says what is not so.
import type { AuditRecord } from '../audit-reader.ts';
import type { Attempt } from '../caller.ts';
import type { CloudPeering } from '../cloud.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';

const name = 'settled-intents';
/** From reading the list to the record of what was found: a disk may hang between them. */
const recentMs = 60_000;

/** Is what a new record says of a change so? */
export function requireTrueRecord(world: World, machine: Machine, record: AuditRecord): void {
  const [, operation, phase] = record.code.split('.');
  if (phase !== 'outcome' && phase !== 'reconciled') return;
  if (operation !== 'create' && operation !== 'delete') return;
  if (record.statusCode === 'replayed') return;
  const attempt = world.attempts.find(({ gatewayRequestId }) => gatewayRequestId === record.gatewayRequestId);
  if (attempt === undefined) {
    world.violated(name, `a record of a request that nobody made: ${record.text}`);
    return;
  }
  world.count(`${record.code} ${record.statusId}`);
  const fault =
    operation === 'create'
      ? createFault(world, attempt, record, phase)
      : deleteFault(world, attempt, record, phase);
  if (fault !== undefined) world.violated(name, `${machine.name}: ${fault}: ${record.text}`);
}

type Phase = 'outcome' | 'reconciled';

function createFault(world: World, attempt: Attempt, record: AuditRecord, phase: Phase): string | undefined {
  const own = world.cloud.peerings.find(({ madeBy }) => madeBy === attempt.requestId);
  if (record.statusId === 1)
    return phase === 'outcome' ? madeFault(own, record) : foundFault(world, attempt, own, record);
  if (record.statusId !== 2) return undefined;
  if (phase === 'outcome') return own === undefined ? undefined : 'it says that nothing was made';
  const isThere = own !== undefined && world.cloud.isLive(own) && own.madeAt < world.schedule.now - recentMs;
  return isThere && !world.listsLate && !attempt.isOrphaned ? 'it says that nothing is listed' : undefined;
}

function madeFault(own: CloudPeering | undefined, { unmapped }: AuditRecord): string | undefined {
  const { resourceId } = unmapped['upstream'] as { resourceId?: string };
  return own !== undefined && own.id === resourceId ? undefined : 'it says that a peering was made';
}

function foundFault(
  world: World,
  attempt: Attempt,
  own: CloudPeering | undefined,
  { unmapped }: AuditRecord,
): string | undefined {
  const { resourceId } = unmapped['reconciled'] as { resourceId?: string };
  const found = world.cloud.peerings.find(({ id }) => id === resourceId);
  if (found === undefined) return 'it names a peering that is not there';
  if (found.madeBy === attempt.requestId) return undefined;
  if (world.attemptOf(found.madeBy)?.isOrphaned) {
    world.count('reconciled by a create that came after its gateway had died');
    return undefined;
  }
  // Its own create was recorded as absent before the peering was listed.
  if (world.listsLate) {
    world.count('reconciled by a peering that was listed late');
    return undefined;
  }
  const excuse = excuseFor(world, attempt, own, found);
  if (excuse === undefined) return `it names the peering of ${found.madeBy}`;
  world.count(excuse);
  return undefined;
}

/** Why a gateway may take the peering of another create for its own. */
function excuseFor(
  world: World,
  { machine, process }: Attempt,
  own: CloudPeering | undefined,
  found: CloudPeering,
): string | undefined {
  // No gateway knows what others made. One that took theirs for its own leaves its own to the next.
  const makers = world.cloud.peerings
    .filter((one) => isAlike(one, found))
    .map(({ madeBy }) => world.attemptOf(madeBy));
  if (makers.some((maker) => maker?.machine !== machine))
    return 'reconciled by the peering of another gateway';
  // Standard output has no memory. Of two that are listed, the gateway must not choose one.
  const isOwnListed = own !== undefined && world.cloud.isLive(own);
  const isForgotten = !world.settings.auditFile && makers.some((maker) => maker?.process !== process);
  return isForgotten && !isOwnListed ? 'reconciled by the peering of an earlier run' : undefined;
}

const isAlike = (one: CloudPeering, other: CloudPeering): boolean =>
  one.clusterId === other.clusterId &&
  one.body.vpcId === other.body.vpcId &&
  one.body.cidrBlock === other.body.cidrBlock;

function deleteFault(world: World, attempt: Attempt, record: AuditRecord, phase: Phase): string | undefined {
  if (phase === 'outcome') {
    if (record.statusId === 1 && !attempt.isExecuted) return 'it says that it was done';
    return record.statusId === 2 && attempt.isExecuted ? 'it says that it was not done' : undefined;
  }
  const peering = world.cloud.peerings.find(({ id }) => id === record.data['peeringId']);
  const { deletedAt } = peering ?? {};
  if (record.statusId === 1) return deletedAt === undefined ? 'it says that the peering is gone' : undefined;
  const isGone = deletedAt !== undefined && deletedAt < world.schedule.now - recentMs;
  return isGone ? 'it says that the peering is still there' : undefined;
}

/** At the end: every intent has its end, and no create that was recorded as absent came later. */
export function requireSettled(world: World): void {
  for (const machine of world.machines) {
    const records = machine.audit.records();
    for (const record of records) requireAbsent(world, record);
    const ended = new Set(records.filter(isEnd).map(({ gatewayRequestId }) => gatewayRequestId));
    const isOpen = ({ code, gatewayRequestId }: AuditRecord) =>
      code.endsWith('.intent') && !ended.has(gatewayRequestId);
    // The records of a machine that hid a loss are not all there.
    if (!machine.disk.hidLoss)
      for (const intent of records.filter(isOpen)) judgeOpen(world, machine, intent, records.at(-1)?.chain);
  }
}

function judgeOpen(
  world: World,
  machine: Machine,
  { requestId, chain }: AuditRecord,
  lastChain: string | undefined,
): void {
  const attempt = world.attemptOf(requestId);
  // Standard output has no memory, and a chain that was not continued settles nothing.
  const isForgotten =
    attempt?.process !== machine.run?.process && (!world.settings.auditFile || chain !== lastChain);
  if (isForgotten) world.count('intent left open by a crash');
  else world.violated(name, `${machine.name}: the intent of ${requestId} is still open`);
}

function requireAbsent(world: World, { code, statusId, requestId }: AuditRecord): void {
  if (code !== 'peering.create.reconciled' || statusId !== 2) return;
  const made = world.cloud.peerings.find(({ madeBy }) => madeBy === requestId);
  if (made === undefined || !world.cloud.isLive(made)) return;
  // Who starts anew cannot know how long ago the request left.
  const isOrphaned = world.attemptOf(requestId)?.isOrphaned;
  if (isOrphaned || world.listsLate) world.count('recorded as absent, and came later');
  else world.violated(name, `the create of ${requestId} was recorded as absent, and its peering is there`);
}

const isEnd = ({ code, statusId }: AuditRecord): boolean =>
  code.endsWith('.reconciled') || (code.endsWith('.outcome') && (statusId === 1 || statusId === 2));
