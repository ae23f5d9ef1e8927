// Takes the place of `src/policy/store/load-in-worker.ts`: loads the policy as the thread does, without a thread.
import type { ReadPolicy } from '../../src/policy/engine/policy-data.ts';
import type { LoadRequest } from '../../src/policy/store/load-and-test.ts';
import { loadPolicy } from '../load-policy.ts';
import { thisProcess } from '../simulated-process.ts';

export const createWorkerLoad =
  () =>
  (request: LoadRequest): Promise<ReadPolicy> =>
    new Promise((resolve, reject) => {
      const owner = thisProcess();
      owner.schedule.later(owner, owner.random.latency(20, 500), 'load the policy', () => {
        try {
          resolve(loadPolicy(request));
        } catch (error) {
          reject(error);
        }
      });
    });
