// Waits for what happens without anybody being told, by asking again and again, with an end.
import { setImmediate as nextTurn } from 'node:timers/promises';

const patienceMs = 10_000;

/** Resolves when the condition holds. Rejects when it does not come to hold. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await nextTurn();
  }
}
