// Loads a policy without stalling the thread that serves requests.
import { Worker } from 'node:worker_threads';
import type { ReadPolicy } from '../engine/policy-data.ts';
import type { LoadRequest } from './load-and-test.ts';

/** Rejects only when the thread itself fails. */
export function loadInWorker(request: LoadRequest): Promise<ReadPolicy> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./policy-worker.ts', import.meta.url), { workerData: request });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without a result')));
  });
}
