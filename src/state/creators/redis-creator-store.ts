// Creators of peerings in Redis, for all instances. What Redis holds that is no creator is nobody.
import { z } from 'zod';
import type { RedisCommands } from '../redis-connection.ts';
import type { Creator, CreatorStore } from './creator-store.ts';

/** Interface, section 6: 400 days. */
const ttlMs = 400 * 24 * 3_600_000;
/** Commands at once. */
const batchSize = 200;
const keyOf = (peeringId: string): string => `peergate:creator:${peeringId}`;

const storedCreator = z.strictObject({
  issuer: z.string().min(1),
  subject: z.string().min(1),
  at: z.int().min(0),
  requestId: z.string(),
});

export class RedisCreators implements CreatorStore {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async recordCreator(peeringId: string, creator: Creator): Promise<void> {
    await this.#redis.command('SET', keyOf(peeringId), JSON.stringify(creator), 'NX', 'PX', String(ttlMs));
  }

  async creatorsOf(peeringIds: readonly string[]): Promise<ReadonlyMap<string, Creator>> {
    const found = new Map<string, Creator>();
    for (let at = 0; at < peeringIds.length; at += batchSize) {
      const ids = peeringIds.slice(at, at + batchSize);
      const values = await Promise.all(ids.map((id) => this.#redis.command('GET', keyOf(id))));
      for (const [index, id] of ids.entries()) {
        const creator = creatorIn(values[index]);
        if (creator !== undefined) found.set(id, creator);
      }
    }
    return found;
  }
}

function creatorIn(text: unknown): Creator | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return storedCreator.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
