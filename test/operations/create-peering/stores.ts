// Where idempotency keys are kept: what holds for the one has to hold for the other.
import type { TestContext } from 'node:test';
import { noRedis, startRedis } from '../../state/redis-server.ts';

export const stores = [
  { where: 'in memory', skip: false as const, settings: async () => ({}) },
  {
    where: 'in Redis',
    skip: noRedis,
    settings: async (test: TestContext) => ({ REDIS_URL: (await startRedis(test)).url }),
  },
] satisfies readonly {
  where: string;
  skip: string | false;
  settings: (test: TestContext) => Promise<Record<string, string>>;
}[];
