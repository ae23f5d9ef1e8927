// No caller gets more than its share: in any minute at most twice its limit, since windows are fixed.
import type { World } from '../world.ts';

const windowMs = 60_000;
/** Refused by the limit, or before it; the last is also the answer if such a refusal cannot be recorded. */
const uncounted = ['rate-limited', 'overloaded', 'stopping', 'audit-unavailable'];

export function requireBounded(world: World): void {
  const { settings, redis } = world;
  // While the store is down, each instance counts for itself.
  if (redis !== undefined && Number.isFinite(redis.lastTroubleAt)) return;
  const served = new Map<string, number[]>();
  for (const { step, process, receivedAt, answer } of world.attempts) {
    if (answer === undefined || uncounted.includes(answer.code ?? '')) continue;
    const counter = redis === undefined ? `${step.caller} at ${process.name}` : step.caller;
    served.set(counter, [...(served.get(counter) ?? []), receivedAt]);
  }
  for (const [counter, times] of served) {
    const most = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length),
    );
    if (most > 2 * settings.limitPerMinute)
      world.violated('bounded-callers', `${most} requests of ${counter} in a minute`);
  }
}
