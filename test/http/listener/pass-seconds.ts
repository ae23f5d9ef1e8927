// Lets seconds pass for a listener, each with its look at the kernel: two later looks have ended.
import type { TestContext } from 'node:test';
import { readUnacknowledged } from '../../../src/http/listener/kernel-queue.ts';

export async function passSeconds(t: TestContext, port: number, seconds = 1): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    t.mock.timers.tick(1000);
    for (let look = 0; look < 2; look += 1) await readUnacknowledged(port);
  }
}
