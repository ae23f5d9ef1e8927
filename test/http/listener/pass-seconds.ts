// Lets seconds pass for a listener, each with its look at the kernel: no call of the file system is left when it has ended.
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

export async function passSeconds(t: TestContext, seconds = 1): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    t.mock.timers.tick(1000);
    do await turn();
    while (process.getActiveResourcesInfo().includes('FSReqPromise'));
  }
}
