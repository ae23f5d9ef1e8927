// Waits for a condition that nothing announces. Fails when it does not come true in time, and says what did not.
import { setTimeout as delay } from 'node:timers/promises';

const pauseMs = 10;

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(pauseMs);
  }
}
