// Loads a policy without stalling the thread that serves requests, and gives up when its files do not answer, as on a network
// mount that hangs.
import { Worker } from 'node:worker_threads';
import type { ReadPolicy } from '../engine/policy-data.ts';
import type { LoadRequest } from './load-and-test.ts';

/** A million networks take a few seconds. */
const loadTimeoutMs = 60_000;

const workerFile = new URL('./policy-worker.ts', import.meta.url);

/** The load rejects when the thread fails or does not end in time, and while one that did not end still hangs. */
export function createWorkerLoad(
  timeoutMs = loadTimeoutMs,
  file = workerFile,
): (request: LoadRequest) => Promise<ReadPolicy> {
  let hanging = false;
  return (request) =>
    new Promise((resolve, reject) => {
      // A thread in a read that hangs cannot be ended, and each further one would hang as well.
      if (hanging) throw new Error('the files that were to be read last still do not answer');
      const worker = new Worker(file, { workerData: request });
      const timer = setTimeout(() => {
        hanging = true;
        worker.unref();
        void worker.terminate();
        reject(new Error(`the policy's files did not answer in ${timeoutMs / 1000} s`));
      }, timeoutMs);
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => {
        clearTimeout(timer);
        hanging = false;
        reject(new Error('the thread ended without a result'));
      });
    });
}
