// Carries out a create at most once for its Idempotency-Key, in its cluster's turn, and after a look at what is there. What
// is done in between, recording and forwarding, is handed in; this file only decides whether it comes to that.
import { createHash } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import type { PeeringRequest } from '../policy/decision.ts';
import type { Begun, IdempotencyStore, KeyUse, StoredAnswer } from '../state/idempotency.ts';
import type { EndTurn, Turns } from '../state/turns.ts';
import type { Stages } from '../telemetry/stages.ts';
import { isLive, type ListedPeering } from '../upstream/peerings.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { isOf } from './find-trace.ts';
import { HeldKey } from './held-key.ts';
import type { Look, Preflight } from './preflight.ts';

export interface CreateGuards {
  readonly idempotency: IdempotencyStore;
  /** `undefined` with PREFLIGHT=off: creates go as they come. */
  readonly turns: Turns | undefined;
  readonly preflight: Preflight;
  /** Which request is known to have made a peering, by the vendor's id. */
  readonly madeBy: (peeringId: string) => string | undefined;
  /** Told what was found under each key that came. */
  readonly keyFound?: (state: Begun['state']) => void;
}

export interface WantedCreate {
  readonly caller: { readonly issuer: string; readonly subject: string };
  readonly peering: PeeringRequest;
  /** As it came; `undefined` when there was none. */
  readonly idempotencyKey: string | undefined;
  readonly gatewayRequestId: string;
  readonly requestId: string;
  /** Times what is done here. */
  readonly stages: Pick<Stages, 'run'>;
}

/** Where an answer comes from. */
export type CreateAnswer =
  /** The upstream answered this create. */
  | { readonly by: 'upstream'; readonly answer: UpstreamAnswer }
  /** The upstream refused the look before it; nothing was sent. */
  | { readonly by: 'preflight'; readonly answer: UpstreamAnswer }
  /** An earlier request with the same key had this answer, or made this peering; nothing was sent. */
  | { readonly by: 'replay'; readonly answer: StoredAnswer; readonly first: string };

/**
 * Records and sends the create; its rejections say whether anything was sent. `before`: ids of peerings that were there
 * before and look like its own, as far as that is known.
 */
export type Forward = (before?: readonly string[]) => Promise<UpstreamAnswer>;

export async function createOnce(
  guards: CreateGuards,
  wanted: WantedCreate,
  forward: Forward,
): Promise<CreateAnswer> {
  const use = keyUseOf(wanted);
  if (use === undefined) return await inTurn(guards, wanted, forward);
  const { idempotency } = guards;
  const begun = await wanted.stages.run('idempotency', () => idempotency.begin(use));
  guards.keyFound?.(begun.state);
  if (begun.state === 'running')
    throw new GatewayError('idempotency-key-running', { headers: { 'Retry-After': '1' } });
  if (begun.state === 'another-request') throw new GatewayError('idempotency-key-reused');
  if (begun.state === 'answered') return { by: 'replay', answer: begun.answer, first: begun.first };
  const held = new HeldKey(idempotency, use, begun.state === 'held-in-doubt' ? begun.requests : undefined);
  try {
    const answer = await inTurn(guards, wanted, forward, held);
    await held.settle(answer);
    return answer;
  } catch (error) {
    await held.fail(error);
    throw error;
  }
}

/**
 * What a create would meet on its way to being sent, for a dry run: takes no turn, holds no key and changes nothing. Gives the
 * upstream's 4xx to the look, if any; throws what the create would be refused with.
 */
export async function checkCreate(
  guards: Pick<CreateGuards, 'turns' | 'preflight'>,
  wanted: Pick<WantedCreate, 'peering' | 'requestId' | 'stages'>,
): Promise<UpstreamAnswer | undefined> {
  return (await runPreflight(guards, wanted))?.refused;
}

/** `undefined` with PREFLIGHT=off. Throws as `Preflight.check` does. */
async function runPreflight(
  { turns, preflight }: Pick<CreateGuards, 'turns' | 'preflight'>,
  { stages, peering, requestId }: Pick<WantedCreate, 'peering' | 'requestId' | 'stages'>,
): Promise<Look | undefined> {
  if (turns === undefined) return undefined;
  return await stages.run('preflight', () => preflight.check(peering, requestId));
}

async function inTurn(
  guards: CreateGuards,
  wanted: WantedCreate,
  forward: Forward,
  held?: HeldKey,
): Promise<CreateAnswer> {
  const { turns } = guards;
  const { stages, peering } = wanted;
  const endTurn: EndTurn =
    turns === undefined ? () => undefined : await stages.run('turn', () => turns.take(peering.clusterId));
  try {
    if (held?.doubtful !== undefined) {
      const found = await findOut(guards, wanted, held.doubtful);
      if (found !== undefined) return found;
      await held.sendAgain();
    }
    const look = await runPreflight(guards, wanted);
    if (look?.refused !== undefined) return { by: 'preflight', answer: look.refused };
    const before = look?.peerings.filter((listed) => isOf(peering, listed)).map(({ id }) => id);
    held?.requireHeld();
    return { by: 'upstream', answer: await forward(before) };
  } finally {
    endTurn();
  }
}

/**
 * Has one of the earlier creates been carried out? `undefined`: it has not. A peering that is rejected, deleted or the like
 * may be older than that create; without word of who made it, it is no proof, and in nobody's way.
 */
async function findOut(
  { preflight, madeBy }: CreateGuards,
  { peering, requestId }: WantedCreate,
  doubtful: readonly string[],
): Promise<CreateAnswer | undefined> {
  const look = await preflight.look(peering.clusterId, requestId);
  if (look.refused !== undefined) return { by: 'preflight', answer: look.refused };
  const alike = look.peerings.filter((listed) => isOf(peering, listed));
  const made =
    alike.find(({ id }) => doubtful.includes(madeBy(id) ?? '')) ??
    alike.find((listed) => madeBy(listed.id) === undefined && isLive(listed));
  if (made === undefined) return undefined;
  return { by: 'replay', answer: asCreated(made), first: madeBy(made.id) ?? doubtful[0] ?? '' };
}

/** The answer to a create whose peering is listed (interface, section 3). */
const asCreated = (listed: ListedPeering): StoredAnswer => ({
  status: 201,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify(listed)),
  requestId: undefined,
});

function keyUseOf({ caller, peering, idempotencyKey, gatewayRequestId }: WantedCreate): KeyUse | undefined {
  if (idempotencyKey === undefined) return undefined;
  const { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection } = peering;
  return {
    key: hashOf([caller.issuer, caller.subject, clusterId, idempotencyKey]),
    fingerprint: hashOf([clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection]),
    owner: gatewayRequestId,
  };
}

const hashOf = (values: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('hex');
