// The store of keys in Redis as one instance has it, with the test's own time, and keys and answers to put into it.
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Logger } from '../../../src/logging/logger.ts';
import type { AnswerParts } from '../../../src/net/passable-answer.ts';
import type { KeyUse } from '../../../src/state/idempotency/idempotency-store.ts';
import { RedisIdempotency } from '../../../src/state/idempotency/redis-idempotency-store.ts';
import type { RedisCommands } from '../../../src/state/redis-connection.ts';

export const ttlMs = 60_000;
export const leaseMs = 10_000;
export const use = (key: string, fingerprint = 'same'): KeyUse => ({ key, fingerprint, owner: randomUUID() });
export const answer: AnswerParts = {
  status: 201,
  headers: { 'Content-Type': 'application/json', Location: '/a' },
  body: Buffer.from('{"é":1}'),
  requestId: 'upstream-1',
};
export const unavailable = {
  code: 'idempotency-unavailable',
  context: { sent: 'no' },
  headers: { 'Retry-After': '5' },
};

/** An instance with a clock of its own. */
export function instanceOn(t: TestContext, redis: RedisCommands) {
  const warnings: unknown[] = [];
  const commands = { count: 0 };
  const counted: RedisCommands = {
    command: (...words) => {
      commands.count += 1;
      return redis.command(...words);
    },
  };
  const logger = { warn: (...given: unknown[]) => warnings.push(given) } as unknown as Logger;
  const store = new RedisIdempotency(counted, ttlMs, logger);
  t.after(() => store.stop());
  return { store, warnings, commands };
}

/** The clock and the timers of this process stand still until the test moves them. */
export function holdTime(t: TestContext) {
  const clock = { now: 1000 };
  t.mock.timers.enable({ apis: ['setInterval'] });
  t.mock.method(performance, 'now', () => clock.now);
  return {
    clock,
    pass(milliseconds: number) {
      clock.now += milliseconds;
      t.mock.timers.tick(milliseconds);
    },
  };
}
