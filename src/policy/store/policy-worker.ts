// Loads a policy, and runs its tests, in a thread of its own, so that reading a million networks stalls no request. Its
// only message is the result.
import { parentPort, workerData } from 'node:worker_threads';
import { type LoadRequest, loadAndTest } from './load-and-test.ts';

const result = loadAndTest(workerData as LoadRequest);
parentPort?.postMessage(result);
