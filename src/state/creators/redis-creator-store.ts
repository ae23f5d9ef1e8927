// Creators of peerings in Redis, for all instances. What Redis holds that is no creator is nobody.
import { z } from 'zod';
import { parseJson } from '../../net/json.ts';
import { latestTime } from '../../net/latest-time.ts';
import type { RedisCommands } from '../redis-connection.ts';
import type { Creator, CreatorStore } from './creator-store.ts';

/** 400 days. */
const ttlMs = 400 * 24 * 3_600_000;
/** Commands at once. */
const batchSize = 200;
const keyOf = (peeringId: string): string => `peergate:creator:${peeringId}`;

const storedCreator = z.strictObject({
  issuer: z.string().min(1),
  subject: z.string().min(1),
  at: z.int().min(0).max(latestTime),
  requestId: z.string(),
  isReconciled: z.literal(true).optional(),
});

export class RedisCreators implements CreatorStore {
  readonly isShared = true;
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async recordCreator(peeringId: string, creator: Creator): Promise<void> {
    await this.#redis.command('SET', keyOf(peeringId), JSON.stringify(creator), 'NX', 'PX', String(ttlMs));
  }

  async creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>> {
    const found = new Map<string, Creator>();
    await this.#forEach(peeringIds, async (id) => {
      const creator = creatorIn(await this.#redis.command('GET', keyOf(id)));
      if (creator !== undefined) found.set(id, creator);
    });
    return found;
  }

  async removeCreators(peeringIds: readonly string[]): Promise<void> {
    await this.#forEach(peeringIds, async (id) => void (await this.#redis.command('DEL', keyOf(id))));
  }

  async #forEach(ids: readonly string[], act: (id: string) => Promise<void>): Promise<void> {
    for (let at = 0; at < ids.length; at += batchSize)
      await Promise.all(ids.slice(at, at + batchSize).map(act));
  }
}

const creatorIn = (reply: unknown): Creator | undefined =>
  typeof reply === 'string' ? storedCreator.safeParse(parseJson(reply)).data : undefined;
